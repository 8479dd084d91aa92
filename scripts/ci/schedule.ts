/** Which steps of CI run side by side. */

export interface Work {
  readonly name: string
  /** How many cores it keeps busy; `all`: nothing may run besides. */
  readonly cores: 1 | 2 | 'all'
  /** About how long it takes on two quiet cores: what is long starts first. */
  readonly seconds: number
  /** Steps that have to be over, however they ended. */
  readonly after?: readonly string[]
  /** What it writes to or fills up, so that no other step may at the same time. */
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

/** Names that are given twice, or waited for and not there: with them the run would never end, or leave out a step. */
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
