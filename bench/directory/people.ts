/** A person of whom both products get the same row. */
export interface Person {
  readonly number: number
  readonly username: string
  readonly email: string
  readonly fullName: string
  readonly suspended: boolean
  readonly createdAt: Date
}

const firstNames =
  'ada alan alice amara anders anna anton aisha barbara ben bjorn carlos chen clara david diego edsger elena emma erik fatima felix femi frances grace hana hedy hugo ines ivan jan john julia jun kai karin ken kofi lara leo lina louis luis margaret maria max mei mohammed nadia nils nora olga omar otto paula pedro priya rosa sam sofia tim yuki zoe'.split(
    ' ',
  )
const lastNames =
  'abebe adams andersson bauer becker bianchi brown cerny chen clark dijkstra dubois evans fischer garcia gomez gruber haddad hansen hoffmann hopper horvat ibrahim ito jansen johnson jones kaplan keller khan kim kowalski kumar lamarr larsen lee lehmann liskov lovelace lopez marino martin mbeki meyer miller moreau moser mueller nakamura nguyen novak okafor olsen ortiz patel perez petrov popescu ramirez ricci rossi santos sato schmidt schneider silva singh smith sokolov suzuki tanaka thomas torvalds turing vasquez virtanen weber wilson wirth yamamoto zhang zimmermann'.split(
    ' ',
  )

/** A thousandth is suspended. They signed up one second after another, the last of them a minute before `now`. */
export function personAt(number: number, users: number, now: Date): Person {
  const mixed = mix(number)
  const first = firstNames[mixed % firstNames.length] ?? ''
  const last = lastNames[Math.floor(mixed / 97) % lastNames.length] ?? ''
  return {
    number,
    username: `${first}.${last}.${number}`,
    email: `${first}.${last}.${number}@company-${mixed % 5000}.example`,
    fullName: `${capital(first)} ${capital(last)}`,
    suspended: number % 1000 === 7,
    createdAt: new Date(now.getTime() - (users - number) * 1000 - 60_000),
  }
}

/** Spreads neighbouring numbers far apart (the finaliser of MurmurHash3). */
export function mix(number: number): number {
  let value = number | 0
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35)
  return (value ^ (value >>> 16)) >>> 0
}

function capital(name: string): string {
  return name.slice(0, 1).toUpperCase() + name.slice(1)
}
