#!/usr/bin/env node
/**
 * The `denizen` command. In a clone it runs the sources, in an installed package
 * what was built from them. An old Node must get an answer and not a riddle, so
 * this file uses nothing that Node 18 does not have.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import * as module from 'node:module'
import { dirname, join } from 'node:path'

const oldest = [22, 17]
const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP']
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)

if (major > oldest[0] || (major === oldest[0] && minor >= oldest[1])) await run()
else runWithNewerNode()

async function run() {
  const source = new URL('../src/main.ts', import.meta.url)
  if (!existsSync(source)) return import(new URL('../dist/main.js', import.meta.url).href)
  // In a clone the workspace's packages are taken from their sources too.
  module.registerHooks({
    resolve: (specifier, context, next) => next(specifier, { ...context, conditions: [...context.conditions, '@denizen/source'] }),
  })
  return import(source.href)
}

/** The npm package `node` brings a Node of its own; a clone has it, and so may any project. */
function runWithNewerNode() {
  const newer = newerNode()
  if (newer === null) {
    console.error(`Denizen needs Node ${oldest.join('.')} or newer; this is ${process.version}.`)
    console.error('Next: install a current Node, or run `npm install node@24` here and try again with npx.')
    process.exit(2)
  }
  const child = spawn(newer, process.argv.slice(1), { stdio: 'inherit' })
  for (const signal of forwarded) process.on(signal, () => passOn(signal, child))
  child.on('exit', (code, signal) => {
    for (const name of forwarded) process.removeAllListeners(name)
    if (signal === null) process.exit(code ?? 1)
    process.kill(process.pid, signal)
  })
}

/** A server that is told to stop through this process must hear of it. Ctrl+C it hears by itself: the terminal tells both. */
function passOn(signal, child) {
  if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
}

function newerNode() {
  try {
    const path = join(dirname(module.createRequire(import.meta.url).resolve('node/package.json')), 'bin', 'node')
    return existsSync(path) ? path : null
  } catch {
    return null // there is no such package here
  }
}
