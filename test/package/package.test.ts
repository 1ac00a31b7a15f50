/** The package as somebody gets it: packed, installed into an empty folder, its command run, its library imported. */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pcapngInterface, pcapngPacket, pcapngSection } from '../../src/capture/writer.ts'
import { buildPacket } from '../../src/packet/build.ts'

const root = join(import.meta.dirname, '../..')
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const LINKTYPE_RAW = 101

let folder: string
let packed: string[]

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-package-'))
  // What is in dist was built by the step before.
  const answer = npm(root, 'pack', '--ignore-scripts', '--json', '--pack-destination', folder)
  const [tarball] = JSON.parse(answer)
  packed = tarball.files.map((file: { path: string }) => file.path)
  writeFileSync(join(folder, 'package.json'), '{"private":true,"type":"module"}\n')
  npm(folder, 'install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund', tarball.filename)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function npm(cwd: string, ...args: string[]): string {
  return execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
}

/** Runs the installed command. */
function sallyport(...args: string[]) {
  const command = join(folder, 'node_modules/.bin/sallyport')
  return spawnSync(command, args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

/** The texts of a module and of all that it imports by path. */
function reachedFrom(entry: string): string[] {
  const reached = new Set([entry])
  for (const path of reached) {
    const imports = readFileSync(path, 'utf8').matchAll(/(?:\bfrom|\bimport\(?)\s*["'](\.[^"']+)["']/g)
    for (const [, specifier] of imports) reached.add(join(dirname(path), specifier!))
  }
  return [...reached].map((path) => readFileSync(path, 'utf8'))
}

/** A capture of a lone SYN. */
function writeCapture(name: string): void {
  const bytes = buildPacket({
    source: '10.0.0.2',
    destination: '192.0.2.9',
    tcp: { sourcePort: 40000, destinationPort: 80, flags: 'S', sequence: 1000, options: [{ mss: 1460 }] },
  })
  const packet = {
    seconds: 1_700_000_000,
    nanoseconds: 0,
    interfaceIndex: 0,
    direction: 0,
    bytes,
    start: 0,
    end: bytes.length,
    originalLength: bytes.length,
  }
  const interfaceBlock = pcapngInterface({ name: 'in0', linkType: LINKTYPE_RAW, snapLength: 0 })
  writeFileSync(
    join(folder, name),
    Buffer.concat([pcapngSection('sallyport'), interfaceBlock, pcapngPacket(packet)]),
  )
}

test('the package holds what is built and the documents, no source and no test', () => {
  const others = packed.filter((path) => !path.startsWith('dist/'))
  const texts = ['docs', 'examples', 'scenarios'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(root, join(entry.parentPath, entry.name)))
      .filter((path) => !path.endsWith('.ts')),
  )
  expect(texts.length).toBeGreaterThan(40)
  expect(others.sort()).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json', ...texts].sort())
  expect(packed.filter((path) => /\.test\.|(?<!\.d)\.ts$/.test(path))).toEqual([])
  expect(packed).toContain('dist/cli.js')
  expect(packed).toContain('dist/types/index.d.ts')
  expect(packed).toContain('dist/page/sallyport.html')
})

test('the installed package brings no other package', () => {
  expect(existsSync(join(folder, 'node_modules/sallyport'))).toBe(true)
  expect(manifest.dependencies ?? {}).toEqual({})
})

test('the installed command says its version', () => {
  const { status, stdout, stderr } = sallyport('--version')
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  expect(stdout).toContain(manifest.version)
})

test('the installed command replays a capture', () => {
  writeCapture('syn.pcapng')
  const { status, stdout, stderr } = sallyport('replay', '--json', 'syn.pcapng')
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  expect(JSON.parse(stdout)).toMatchObject({
    packet: 1,
    source: '10.0.0.2',
    destinationPort: 80,
    ctstate: 'NEW',
    entry: { state: 'SYN_SENT', timeout: 120 },
  })
})

test('the installed command ends with 2 on wrong use and 3 on input that it cannot read', () => {
  expect(sallyport('replay', '--no-such-option').status).toBe(2)
  expect(sallyport('replay', 'not-there.pcap').status).toBe(3)
})

test('the installed library is imported by its name and names no Node module', () => {
  const script = "import * as sallyport from 'sallyport'\nconsole.log(Object.keys(sallyport).join(' '))\n"
  writeFileSync(join(folder, 'import.js'), script)
  const names = execFileSync(process.execPath, ['import.js'], { cwd: folder, encoding: 'utf8' })
  expect(names.trim().split(' ').length).toBeGreaterThan(1)
  for (const text of reachedFrom(join(folder, 'node_modules/sallyport/dist/index.js'))) {
    expect(text).not.toMatch(/["']node:|\brequire\(/)
  }
})

test('the installed package runs scenarios in a project, and the command runs those in its files', () => {
  const text = 'host a 10.0.0.1\\n+0 a:1 > 10.0.0.2:2 S\\n  NEW, entry SYN_SENT 120s\\n'
  const script = `import { scenario } from 'sallyport/testing'
const { packets } = await scenario('${text}')
const { expected, actual } = await scenario('${text.replace('NEW', 'INVALID')}').catch((error) => error)
console.log(JSON.stringify([packets[0].ctstate, expected, actual]))
`
  writeFileSync(join(folder, 'scenario.js'), script)
  const told = execFileSync(process.execPath, ['scenario.js'], { cwd: folder, encoding: 'utf8' })
  expect(JSON.parse(told)).toEqual(['NEW', 'INVALID', 'NEW'])
  writeFileSync(join(folder, 'one.scenario'), text.replaceAll('\\n', '\n'))
  expect(sallyport('test', 'one.scenario').status).toBe(0)
})

test('the installed types stand by themselves, without Node and without the DOM', () => {
  writeFileSync(
    join(folder, 'types.ts'),
    "export * from 'sallyport'\nexport { scenario } from 'sallyport/testing'\n",
  )
  const compilerOptions = { strict: true, noEmit: true, module: 'nodenext', lib: ['es2022'], types: [] }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['types.ts'] }))
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  const { status, stdout } = spawnSync(process.execPath, [compiler], { cwd: folder, encoding: 'utf8' })
  expect({ status, stdout }).toEqual({ status: 0, stdout: '' })
})
