import { createServer } from 'node:http'
import { serve } from './harness.ts'

/** The limit of node:http: no routing, no parsing, one ready answer. */
const body = process.env['BENCH_ANSWER'] ?? '{}'
const headers = { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) }

serve(
  createServer((_request, response) => {
    response.writeHead(200, headers)
    response.end(body)
  }),
)
