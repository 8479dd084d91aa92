/** Which steps of CI run in parallel. */

export interface Work {
  readonly name: string
  /** How many cores it keeps busy; `all`: nothing may run besides. */
  readonly cores: 1 | 2 | 'all'
  /** About how long it takes on two quiet cores; longer steps start first. */
  readonly seconds: number
  /** Steps that must have ended before, with any result. */
  readonly after?: readonly string[]
  /** Shared things that it uses exclusively, such as a folder or the connections of a database. */
  readonly locks?: readonly string[]
}

export interface Progress {
  readonly running: readonly string[]
  readonly ended: readonly string[]
}

/** The steps to start now, longest first; never more than the machine has cores for. */
export function startable<Step extends Work>(steps: readonly Step[], { running, ended }: Progress, cores: number): readonly Step[] {
  const need = (step: Step): number => (step.cores === 'all' ? cores : Math.min(step.cores, cores))
  const busy = steps.filter(({ name }) => running.includes(name))
  const ready = steps
    .filter(({ name }) => !running.includes(name) && !ended.includes(name))
    .filter(({ after = [] }) => after.every((name) => ended.includes(name)))
    .toSorted((a, b) => wayToEnd(steps, b) - wayToEnd(steps, a))
  const chosen: Step[] = []
  for (const step of ready) {
    const others = [...busy, ...chosen]
    const taken = others.reduce((sum, other) => sum + need(other), 0)
    if (taken + need(step) <= cores && !others.some((other) => sharesLock(other, step))) chosen.push(step)
  }
  return chosen
}

/** Its own seconds and those of the longest row of steps that wait for it. */
function wayToEnd(steps: readonly Work[], { name, seconds }: Work): number {
  const waiting = steps.filter(({ after = [] }) => after.includes(name))
  return seconds + Math.max(0, ...waiting.map((step) => wayToEnd(steps, step)))
}

function sharesLock(a: Work, b: Work): boolean {
  return (a.locks ?? []).some((lock) => b.locks?.includes(lock) === true)
}

/** Steps with the same name, and dependencies that do not exist: the run would never end, or leave out a step. */
export function faultsOf(steps: readonly Work[]): readonly string[] {
  const names = steps.map(({ name }) => name)
  const twice = names.filter((name, index) => names.indexOf(name) !== index).map((name) => `${name} is there twice`)
  const unknown = steps.flatMap(({ name, after = [] }) =>
    after
      .filter((other) => names.indexOf(other) === -1 || names.indexOf(other) >= names.indexOf(name))
      .map((other) => `${name} waits for ${other}, which does not stand before it`),
  )
  return [...twice, ...unknown]
}
