import { useServer, type Served } from '../../../../packages/api/src/testing/server.ts'
import { Terminal } from './terminal.ts'

/** A server for the file's tests, and a terminal of its superadmin: signed in by the environment. */
export function useServed(): { served: () => Served; asAdmin: () => Readonly<Record<string, string>>; terminal: Terminal } {
  const served = useServer()
  return {
    served,
    terminal: new Terminal(),
    asAdmin: () => ({ DENIZEN_URL: served().server.url, DENIZEN_TOKEN: served().admin.token }),
  }
}
