import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { firstLook } from '../../examples/first-look.ts'
import { routed } from '../../examples/router.ts'

const examples = fileURLToPath(new URL('../../examples/', import.meta.url))
const command = fileURLToPath(new URL('../../dist/cli.js', import.meta.url))

function replay(...args: string[]): string {
  return execFileSync(process.execPath, [command, 'replay', 'first-look.pcapng', ...args], {
    cwd: examples,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  }).replace(/ id=\d+/g, ' id=N')
}

test.each([
  ['first-look', firstLook],
  ['router', routed],
])('the committed capture %s is what its program makes', (name, made) => {
  expect(Buffer.from(made.bytes).equals(readFileSync(`${examples}${name}.pcapng`))).toBe(true)
})

test('without rules, those out of the ordinary', () => {
  expect(replay()).toMatchSnapshot()
})

test('every packet, and the totals', () => {
  expect(replay('--all')).toMatchSnapshot()
})

test('the events, in the order of time', () => {
  const lines = replay('--events').trimEnd().split('\n')
  expect(lines.join('\n')).toMatchSnapshot()
  const times = lines.map((line) => Number(/^\[([\d.]+)\]/.exec(line)![1]))
  expect(times).toEqual([...times].sort((a, b) => a - b))
})

test('the table at a moment, at a packet, and at the end', () => {
  expect(replay('--at', '+0.1s', '--at', '#19', '--table=proc')).toMatchSnapshot()
  expect(replay('--table=extended')).toMatchSnapshot()
})

test('records as NDJSON', () => {
  const records = replay('--json').trimEnd().split('\n')
  expect(records).toHaveLength(33)
  expect(records.map((line) => JSON.parse(line).ctstate)).toContain('RELATED')
  expect(records[25]).toMatchSnapshot()
})

test('what Linux 2.4 made of it in another way', () => {
  const told = (...options: string[]): string[] =>
    replay('--json', ...options)
      .trimEnd()
      .split('\n')
      .map((line) => {
        const { packet, tcpFlags, ctstate, entry } = JSON.parse(line)
        const after = entry === null ? 'none' : [entry.state, entry.timeout, ...entry.flags].join(' ')
        return `${packet} ${tcpFlags ?? '-'}: ${ctstate}, ${after}`
      })
  const today = told()
  const old = told('--linux', '2.4')
  const changes = today.flatMap((line, index) => (line === old[index] ? [] : [line, `  2.4  ${old[index]}`]))
  expect(changes.join('\n')).toMatchSnapshot()
})

test('with rules: who decided, what was logged and answered, what would not have been sent', () => {
  const records = replay('--rules', 'first-look.v4', '--json').trimEnd().split('\n')
  const parsed = records.map((line) => JSON.parse(line))
  expect(parsed.map(({ verdict }) => verdict).filter((verdict) => verdict === 'DROP')).toHaveLength(4)
  expect([17, 18, 27].map((number) => records[number - 1])).toMatchSnapshot()
})

test('with rules: the rules that a packet met, and the counters', () => {
  expect(replay('--rules', 'first-look.v4', '--all', '--trace', 'frame 27 or frame 31')).toMatchSnapshot()
  expect(replay('--rules', 'first-look.v4', '--counters')).toMatchSnapshot()
})

test('a selection shows the flow and the ICMP error about it', () => {
  expect(replay('--all', 'udp port 53')).toMatchSnapshot()
})
