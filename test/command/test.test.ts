/** `sallyport test`, as a user calls it. */
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { COMMAND, call } from './command.ts'
import { testFolder } from './folder.ts'

const folder = testFolder()
const run = (...words: string[]) => call(folder.path, ['test', ...words])

const hosts = 'host client 10.0.0.2   host server 192.0.2.9\n'
const open = `${hosts}rules rules.v4
+0 client:40000 > server:80 S
   NEW, ACCEPT by FORWARD 1
`
mkdirSync(join(folder.path, 'good/deep'), { recursive: true })
mkdirSync(join(folder.path, 'good/node_modules'))
mkdirSync(join(folder.path, 'bad'))
mkdirSync(join(folder.path, 'none'))
const rules = '*filter\n:FORWARD DROP [0:0]\n-A FORWARD -p tcp --dport 80 -j ACCEPT\nCOMMIT\n'
folder.write('good/rules.v4', rules)
folder.write('good/deep/rules.v4', rules)
folder.write('good/open.scenario', open)
folder.write(
  'good/deep/two.scenario',
  `${hosts}test "one"\n+0 client:1 > server:2 S\ntest "two"\n+0 client:1 > server:2 S\n`,
)
folder.write('good/node_modules/other.scenario', 'not for us')
folder.write('bad/wrong.scenario', `${hosts}+0 client:1 > server:2 S\n   ESTABLISHED\n`)
folder.write('bad/mistaken.scenario', `${hosts}+0 clinet:1 > server:2 S\n`)

test('a folder is searched; what it holds passes: exit code 0', async () => {
  const { code, out, error } = await run('good')
  expect({ code, error }).toEqual({ code: 0, error: '' })
  expect(out).toMatch(/ ✓ good\/deep\/two\.scenario \(2 tests\)/)
  expect(out).toMatch(/ ✓ good\/open\.scenario \(1 test\)/)
  expect(out).toMatch(/Tests {2}3 passed \(3\)/)
})

test('a failure and a mistake: exit code 1, with their places', async () => {
  const { code, out } = await run('bad')
  expect(code).toBe(1)
  expect(out).toContain('bad/wrong.scenario:3:4  packet 1')
  expect(out).toContain('  - ESTABLISHED\n  + NEW')
  expect(out).toContain('"clinet" is no host of this scenario; did you mean client?')
  expect(out).toMatch(/Test Files {2}2 failed \(2\)/)
})

test('-t chooses by file and name; a pattern that nothing has, and files that are not there, are wrong use', async () => {
  const { code, out } = await run('good', '-t', 'two.scenario > one')
  expect(code).toBe(0)
  expect(out).toMatch(/Tests {2}1 passed \| 2 skipped \(3\)/)
  expect((await run('good', '-t', 'three')).code).toBe(2)
  expect((await run('good', '-t', '(')).code).toBe(2)
  expect((await run('none')).code).toBe(2)
  expect((await run('not-there')).code).toBe(3)
})

test('a folder without scenarios, a file that is not there, one that is no text: a sentence each', async () => {
  folder.write('binary.scenario', '\u0001\u0000\u0002')
  const none = await run('none')
  expect([none.code, none.error]).toEqual([
    2,
    expect.stringContaining('no file ends in .scenario below "none"'),
  ])
  const missing = await run('not-there')
  expect([missing.code, missing.error]).toEqual([3, 'sallyport test: not-there: no such file\n'])
  const binary = await run('binary.scenario')
  const told = 'sallyport test: binary.scenario: this is no text, so no scenario\n'
  expect(binary).toEqual({ code: 3, out: '', error: told })
})

test('what a scenario names is a file: a folder or a device without end is told', async () => {
  folder.write(
    'devices.scenario',
    `${hosts}test "rules"\nrules /dev/zero\n+0 client:1 > server:2 S\ntest "capture"\ntraffic good\n`,
  )
  const { code, out } = await run('devices.scenario')
  expect(code).toBe(1)
  expect(out).toContain('/dev/zero: is no file')
  expect(out).toContain('good: is no file')
})

test('other reporters: nothing else on standard output', async () => {
  const json = await run('bad', 'good', '--reporter=json')
  expect(json.code).toBe(1)
  expect(JSON.parse(json.out)).toMatchObject({ success: false, files: 4, tests: 4, passed: 3, failed: 1 })
  expect((await run('good', '--reporter=tap')).out).toMatch(/^TAP version 14\n(?:ok \d .*\n){3}1\.\.3\n$/)
})

test('--update writes what was observed, and tells that it holds now', async () => {
  folder.write('new.scenario', `${hosts}# A SYN.\n+0 client:1 > server:2   S\n       ?   # what?\n`)
  const { code, out } = await run('new.scenario', '--update')
  expect(code).toBe(0)
  expect(out).toMatch(/Written {2}1 value/)
  expect(readFileSync(join(folder.path, 'new.scenario'), 'utf8')).toBe(
    `${hosts}# A SYN.\n+0 client:1 > server:2   S\n       NEW, entry SYN_SENT 120s UNREPLIED, ACCEPT   # what?\n`,
  )
  const again = await run('new.scenario', '--update')
  expect(again.out).not.toContain('Written')
})

test('--watch runs again what depends on a file that changed', async () => {
  folder.write(
    'watched.scenario',
    `${hosts}rules watched.v4\n+0 client:1 > server:80 S\n   ACCEPT by FORWARD 1\n`,
  )
  folder.write('watched.v4', rules)
  const child = spawn(process.execPath, [COMMAND, 'test', '--watch', 'watched.scenario', 'good'], {
    cwd: folder.path,
  })
  let out = ''
  let wake = () => {}
  child.stdout.on('data', (bytes: Buffer) => {
    out += bytes.toString()
    wake()
  })
  const until = async (pattern: RegExp): Promise<string> => {
    while (!pattern.test(out)) {
      await new Promise<void>((done) => {
        wake = done
      })
    }
    const seen = out
    out = ''
    return seen
  }
  try {
    expect(await until(/waiting for changes/)).toMatch(/Tests {2}4 passed/)
    writeFileSync(join(folder.path, 'watched.v4'), rules.replace('ACCEPT\n', 'DROP\n'))
    const failed = await until(/waiting for changes/)
    expect(failed).toMatch(/Tests {2}1 failed \(1\)/)
    expect(failed).toContain('+ DROP by FORWARD 1')
    writeFileSync(join(folder.path, 'watched.v4'), rules)
    expect(await until(/waiting for changes/)).toMatch(/Tests {2}1 passed \(1\)/)
    folder.write('good/third.scenario', `${hosts}+0 client:1 > server:2 S\n`)
    expect(await until(/waiting for changes/)).toMatch(/good\/third\.scenario/)
  } finally {
    child.kill()
  }
})
