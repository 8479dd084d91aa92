import { parentPort as port } from 'node:worker_threads'

// vitest calls this as a thread ends; Deno 2.9 has not written it yet and throws "Not implemented".
if (port !== null) Object.assign(port, { removeAllListeners: () => port })
