import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { readPositionals } from './captures.ts'
import { Failure } from './failure.ts'

const folder = mkdtempSync(join(tmpdir(), 'sallyport-captures-'))
const a = join(folder, 'a.pcap')
const b = join(folder, 'b')
const sub = join(folder, 'sub')
writeFileSync(a, '')
writeFileSync(b, '')
mkdirSync(sub)
afterAll(() => rmSync(folder, { recursive: true }))

function read(...words: string[]): string {
  try {
    const { files, filter } = readPositionals(words, 80)
    return `${files.join(' ')} | ${filter ?? 'everything'}`
  } catch (error) {
    if (error instanceof Failure) return `${error.exitCode} ${error.message}`
    throw error
  }
}

test('files, then a selection', () => {
  expect(read(a)).toBe(`${a} | everything`)
  expect(read(a, '-', b)).toBe(`${a} - ${b} | everything`)
  expect(read(a, 'port', '80', 'or', '443')).toBe(`${a} | port 80 or port 443`)
  expect(read('-', '!(tcp or udp)')).toBe('- | not (tcp or udp)')
  expect(read(a, 'host 10.0.0.1', 'and', 'tcp')).toBe(`${a} | host 10.0.0.1 and tcp`)
})

test('no capture is named', () => {
  expect(read()).toBe('2 no capture is named: give a file, or - for standard input')
  expect(read('host', '10.0.0.1')).toBe(
    '2 no capture is named: "host" begins the selection, and the captures stand in front of it',
  )
  expect(read('!tcp')).toContain('2 no capture is named')
})

test('the first word is neither a file nor of the selection', () => {
  expect(read(join(folder, 'c.pcap'))).toBe(
    `3 ${join(folder, 'c.pcap')}: no such file (captures come first, then the selection)`,
  )
})

test('a later word looks like a file that is not there', () => {
  expect(read(a, 'c.pcap1', 'tcp')).toBe('3 c.pcap1: no such file')
  expect(read(a, './c')).toBe('3 ./c: no such file')
})

test('a later word is neither: the selection is shown with a caret', () => {
  expect(read(a, 'prot', '80')).toBe(
    `2 the selection cannot be read
  prot 80
  ^^^^
  expected a term such as host, net, port, tcp or ctstate, not "prot"; did you mean "port"?`,
  )
})

test('standard input twice is refused', () => {
  expect(read('-', '-')).toBe('2 standard input (-) can be read only once')
})
