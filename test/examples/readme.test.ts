/** The README shows what the command prints. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { exitCodes } from '../../src/cli/exit-codes.ts'
import { refusalOf } from '../../src/explain/extensions-page.ts'
import { extensions } from '../../src/firewall/extensions.ts'
import { withOutputs } from './documented.ts'

const root = join(import.meta.dirname, '../..')
const readme = readFileSync(join(root, 'README.md'), 'utf8')

test('what the README shows of the command is what it prints', async () => {
  expect(readme.match(/```console\n\$ /g)).not.toBeNull()
  await expect(withOutputs(readme)).toMatchFileSnapshot('../../README.md')
})

test('the exit codes are those of the command', () => {
  const listed = [...readme.matchAll(/^\| (\d+) +\|/gm)].map(([, code]) => Number(code))
  expect(listed).toEqual(exitCodes.map(([code]) => code))
})

test('matches and targets that are not evaluated are named, and no others', () => {
  const section = /### Rules\n.*?\*\*Not evaluated\*\*(.*?)A rule with one/s.exec(readme)![1]!
  const named = [...section.matchAll(/`(\w+)`/g)].map(([, name]) => name!)
  const refused = extensions.extensions.filter((one) => refusalOf(one) !== null).map(({ name }) => name)
  expect(named.sort()).toEqual([...new Set(refused)].sort())
})

const programs = [...readme.matchAll(/```js\n(.*?)```/gs)].map(([, program]) => program!)

function run(program: string): string {
  const args = ['--input-type=module', '--eval', program]
  return execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8' })
}

test('the program of the library section prints events and the table', () => {
  const program = programs[0]!
  const printed = run(program)
  const lines = printed.trimEnd().split('\n')
  expect(lines[0]).toMatch(/^ +\[NEW\] tcp +6 120 SYN_SENT src=10\.0\.0\.2 /)
  expect(lines.filter((line) => line.startsWith('[DESTROY]'))).toHaveLength(5)
  expect(lines.at(-1)).toMatch(/^tcp +6 431862 ESTABLISHED .* \[ASSURED\] mark=0 use=1$/)
  expect(program.trimEnd().split('\n').length).toBeLessThanOrEqual(10)
})

test('the program with rules says who decided', () => {
  const printed = run(programs[1]!)
  expect(printed).toMatch(/^ACCEPT \{/)
  expect(printed).toContain("file: 'rules.v4'")
  expect(printed).toContain("destination: '192.0.2.9'")
})
