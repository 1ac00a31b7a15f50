// The built command, as a user calls it.
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeAll, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const command = `${root}dist/cli.js`

beforeAll(() => {
  execFileSync(process.execPath, ['scripts/build.mjs', '--no-types'], { cwd: root, stdio: 'pipe' })
}, 60_000)

function sallyport(...args: string[]): { code: number | null; out: string; error: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, ...args], {
    cwd: root,
    encoding: 'utf8',
    input: '',
  })
  return { code: status, out: stdout, error: stderr }
}

test.each([[['--help']], [['help', 'replay']], [['help', 'completion']]])('help: %j', (args) => {
  const { code, out, error } = sallyport(...args)
  expect({ code, error }).toEqual({ code: 0, error: '' })
  expect(out).toMatchSnapshot()
  expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80)
})

test('help for a command is the same in front of it and behind it', () => {
  expect(sallyport('replay', '--hz', '--help')).toEqual(sallyport('help', 'replay'))
})

test('no command: the overview on standard error, wrong use', () => {
  const { code, out, error } = sallyport()
  expect({ code, out }).toEqual({ code: 2, out: '' })
  expect(error).toBe(sallyport('--help').out)
})

test('the version is that of the package', () => {
  const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))
  for (const word of ['--version', '-V', 'version']) {
    expect(sallyport(word)).toEqual({ code: 0, out: `sallyport ${version}\n`, error: '' })
  }
})

test.each([
  [['reply'], 2],
  [['--hepl'], 2],
  [['help', 'reply'], 2],
  [['replay'], 2],
  [['replay', '--jsn', 'package.json'], 2],
  [['replay', 'package.json', '--table=prco'], 2],
  [['replay', 'package.json', '--at=noon'], 2],
  [['replay', 'package.json', '--helper=sip=udp/5060'], 2],
  [['replay', 'package.json', '--sysctl', 'tcp_loose'], 2],
  [['replay', 'package.json', 'port', 'http'], 2],
  [['replay', 'host', '10.0.0.1'], 2],
  [['replay', 'missing.pcap'], 3],
  [['replay', 'scripts'], 3],
  [['completion', 'csh'], 2],
])('%j ends with %i and says why on standard error', (args, expected) => {
  const { code, out, error } = sallyport(...args)
  expect({ code, out }).toEqual({ code: expected, out: '' })
  expect(`\n${error}`).toMatchSnapshot()
})

test('a closed pipe: no message, exit code 0', async () => {
  // A reader that is gone before the first byte.
  const child: ChildProcess = spawn(process.execPath, [command, 'help', 'replay'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  child.stdout!.destroy()
  let error = ''
  child.stderr!.on('data', (bytes) => {
    error += bytes
  })
  const code = await new Promise((done) => child.on('close', done))
  expect({ code, error }).toEqual({ code: 0, error: '' })
})

test('what every call loads is small: commands, help and parsing come when they are called', () => {
  const loaded = new Set(['cli.js'])
  let size = 0
  for (const file of loaded) {
    const text = readFileSync(`${root}dist/${file}`, 'utf8')
    size += text.length
    for (const [, name] of text.matchAll(/^(?:import|export)\b[^;]*?"\.\/(?:chunks\/)?([\w-]+\.js)"/gm)) {
      loaded.add(`chunks/${name}`)
    }
  }
  expect(loaded.size).toBeGreaterThan(1)
  expect(size).toBeLessThan(12_000)
})
