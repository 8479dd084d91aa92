/** What tells whether there is a browser that somebody would see. */
export interface Surroundings {
  readonly platform: NodeJS.Platform
  /** Somebody sits at this terminal. */
  readonly isTerminal: boolean
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** Whether a browser would open before the eyes of whoever typed the command: not on a machine far away, and not in CI. */
export function wouldBeSeen({ platform, isTerminal, environment }: Surroundings): boolean {
  const isSet = (...names: readonly string[]): boolean => names.some((name) => (environment[name] ?? '') !== '')
  if (!isTerminal || isSet('CI', 'SSH_CONNECTION', 'SSH_TTY')) return false
  return platform === 'win32' || platform === 'darwin' || isSet('DISPLAY', 'WAYLAND_DISPLAY', 'WSL_DISTRO_NAME')
}

/** A link that a browser may be sent to: what a server says is not to start a program of this machine. */
export function isWebLink(link: string): boolean {
  return URL.canParse(link) && /^https?:$/.test(new URL(link).protocol)
}

/** Opens a link in the browser. Whether that worked nobody can tell: the link is printed too. */
export async function openBrowser(link: string): Promise<void> {
  const { default: open } = await import('open')
  const browser = await open(link)
  browser.on('error', () => {}) // there is no such program
  browser.unref()
}
