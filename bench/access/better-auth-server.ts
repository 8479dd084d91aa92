import { createServer } from 'node:http'
import { toNodeHandler } from 'better-auth/node'
import { Pool } from 'pg'
import { serve } from '../servers/harness.ts'
import { createWithOrganizations } from './better-auth.ts'

const pool = new Pool({ connectionString: process.env['DATABASE_URL'] })
const handler = toNodeHandler(createWithOrganizations(pool))

serve(
  createServer((request, response) => void handler(request, response)),
  { stop: () => pool.end() },
)
