import { createServer } from 'node:http'
import { toNodeHandler } from 'better-auth/node'
import { Pool } from 'pg'
import { createBetterAuth } from '../better-auth.ts'
import { serve } from './harness.ts'

const pool = new Pool({ connectionString: process.env['DATABASE_URL'] })
const handler = toNodeHandler(createBetterAuth(pool))

serve(
  createServer((request, response) => void handler(request, response)),
  { stop: () => pool.end() },
)
