/**
 * `npm run bench [PART …]`: the speed and memory that the project promises, measured. Read README.md first.
 *
 * Each part runs in a process of its own, so that none inherits another's heap or optimised code.
 */
import { fork } from 'node:child_process'
import { hasCommand, measureCommand, measureStart } from './command.ts'
import { measureLatency } from './latency.ts'
import { measureLint } from './lint.ts'
import { printTable, type Row } from './measure.ts'
import { measureMemory } from './memory.ts'
import { hasPage, measurePage } from './page.ts'
import { measureRules, runCourse } from './rules.ts'
import { measureScenarios } from './scenarios.ts'
import { measureTracking } from './tracking.ts'

const parts: Readonly<Record<string, () => Row[] | Promise<Row[]>>> = {
  tracking: measureTracking,
  rules: measureRules,
  lint: measureLint,
  command: measureCommand,
  memory: measureMemory,
  latency: measureLatency,
  scenarios: measureScenarios,
  start: measureStart,
  page: measurePage,
}
const needsCommand: readonly string[] = ['command', 'start']

const words = process.argv.slice(2)
const part = process.send === undefined ? undefined : parts[words[0] ?? '']
if (part === measureRules && words[1] !== undefined) await runCourse(Number(words[1]))
else if (part !== undefined) {
  process.send?.(await part())
  process.disconnect()
  // A replay that was not run to its end holds nothing that would keep the process.
} else await runParts(words.length > 0 ? words : Object.keys(parts))

async function runParts(names: readonly string[]): Promise<void> {
  const unknown = names.find((name) => !(name in parts))
  if (unknown !== undefined) {
    console.error(`no part ${unknown}: there are ${Object.keys(parts).join(', ')}`)
    process.exitCode = 2
    return
  }
  const rows: Row[] = []
  for (const name of names) {
    if (needsCommand.includes(name) && !hasCommand()) {
      console.error(`${name}: left out, there is no dist/cli.js`)
      continue
    }
    if (name === 'page' && !hasPage()) {
      console.error('page: left out, there is no Chromium or no dist/page/sallyport.html')
      continue
    }
    console.error(`measuring ${name} …`)
    rows.push(...(await rowsOf(name)))
  }
  printTable(rows)
  if (rows.some(({ ok }) => ok === false)) process.exitCode = 1
}

function rowsOf(name: string): Promise<Row[]> {
  return new Promise((resolve, reject) => {
    const child = fork(process.argv[1]!, [name], { execArgv: ['--expose-gc'] })
    let rows: Row[] | null = null
    child.on('message', (message) => {
      rows = message as Row[]
    })
    child.on('close', (code) => {
      if (rows !== null && code === 0) resolve(rows)
      else reject(new Error(`${name}: exit code ${code}`))
    })
  })
}
