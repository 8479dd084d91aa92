/** What tells whether a browser would open where the user can see it. */
export interface Environment {
  readonly platform: NodeJS.Platform
  /** Standard error is a terminal. */
  readonly isTerminal: boolean
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** Whether a browser would open on the screen of the user: not over SSH, and not in CI. */
export function hasVisibleBrowser({ platform, isTerminal, environment }: Environment): boolean {
  const isSet = (...names: readonly string[]): boolean => names.some((name) => (environment[name] ?? '') !== '')
  if (!isTerminal || isSet('CI', 'SSH_CONNECTION', 'SSH_TTY')) return false
  return platform === 'win32' || platform === 'darwin' || isSet('DISPLAY', 'WAYLAND_DISPLAY', 'WSL_DISTRO_NAME')
}

/** Whether a link may be opened in a browser: a server must not be able to start other programs on this machine. */
export function isWebLink(link: string): boolean {
  return URL.canParse(link) && /^https?:$/.test(new URL(link).protocol)
}

/** Opens a link in the browser. There is no way to know whether that worked, so print the link too. */
export async function openBrowser(link: string): Promise<void> {
  const { default: open } = await import('open')
  const browser = await open(link)
  browser.on('error', () => {}) // there is no such program
  browser.unref()
}
