// Makes dist/: the command (cli.js), the library (index.js), scenarios for test runners (testing.js) and what they
// share (chunks/), the page (page/), then the types.
// Does nothing where dist/ was made of exactly these sources already. `--no-types` leaves the types out, which
// take longer than the rest; `--force` builds whatever is there.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pageText } from './page.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = join(root, 'dist')
// Not in dist/, all of which is published.
const stampFile = join(root, 'node_modules/.cache/sallyport-build.json')

/** A digest of all that the build reads: contents, not times, which a checkout or a copy changes. */
function sourceDigest() {
  const hash = createHash('sha256')
  const add = (path) =>
    hash
      .update(`${relative(root, path)}\0`)
      .update(readFileSync(path))
      .update('\0')
  const own = ['package.json', 'package-lock.json', 'scripts/build.mjs', 'scripts/page.mjs']
  for (const name of [...own, 'examples/first-look.pcapng', 'examples/first-look.v4']) add(join(root, name))
  for (const name of ['tsconfig.base.json', 'tsconfig.types.json']) add(join(root, name))
  const walk = (folder) => {
    const entries = readdirSync(folder, { withFileTypes: true })
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) walk(path)
      else if (/\.(?:tsx?|css|html)$/.test(entry.name) && !entry.name.endsWith('.test.ts')) add(path)
    }
  }
  walk(join(root, 'src'))
  walk(join(root, 'web'))
  return hash.digest('hex')
}

/** What the last build left: `{ digest, bundles: { file: size }, types }`, or null. */
function readStamp() {
  try {
    return JSON.parse(readFileSync(stampFile, 'utf8'))
  } catch {
    return null
  }
}

function intact(stamp) {
  return Object.entries(stamp.bundles).every(([file, size]) => {
    const path = join(root, file)
    return existsSync(path) && statSync(path).size === size
  })
}

const typesIntact = () => ['index', 'testing'].every((name) => existsSync(join(dist, `types/${name}.d.ts`)))

/** Builds what is missing or out of date. Throws where that fails. */
export async function build({ types = true, force = false } = {}) {
  const digest = sourceDigest()
  const stamp = readStamp()
  const current = !force && stamp !== null && stamp.digest === digest && intact(stamp)
  const bundles = current ? stamp.bundles : await bundle()
  const typesCurrent = current && stamp.types && typesIntact()
  // The bundles are good even if the types then fail.
  if (!current) writeStamp({ digest, bundles, types: false })
  if (types && !typesCurrent) {
    makeTypes()
    writeStamp({ digest, bundles, types: true })
  }
}

function writeStamp(stamp) {
  mkdirSync(dirname(stampFile), { recursive: true })
  writeFileSync(stampFile, `${JSON.stringify(stamp, null, 2)}\n`)
}

async function bundle() {
  const { build: esbuild } = await import('esbuild')
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const { metafile, outputFiles } = await esbuild({
    absWorkingDir: root,
    entryPoints: { cli: 'src/cli/main.ts', index: 'src/index.ts', testing: 'src/testing.ts' },
    outdir: 'dist',
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'neutral',
    target: 'node20',
    // koffi is loaded where the kernel is asked, by whoever has installed it.
    external: ['node:*', 'koffi'],
    minifySyntax: true,
    charset: 'utf8',
    define: { SALLYPORT_VERSION: JSON.stringify(version) },
    metafile: true,
    write: false,
    logLevel: 'warning',
  })
  refuseNode(metafile)
  const page = await pageText(root)
  const chunks = join(dist, 'chunks')
  mkdirSync(chunks, { recursive: true })
  // Chunks first, what names them after: a command that starts meanwhile finds all it needs.
  for (const file of outputFiles.sort((a, b) => b.path.length - a.path.length)) {
    writeFileSync(file.path, file.contents)
  }
  chmodSync(join(dist, 'cli.js'), 0o755)
  const pageFile = join(dist, 'page/sallyport.html')
  mkdirSync(dirname(pageFile), { recursive: true })
  writeFileSync(pageFile, page)
  const written = new Set(outputFiles.map((file) => file.path))
  for (const name of readdirSync(chunks)) {
    if (!written.has(join(chunks, name))) rmSync(join(chunks, name))
  }
  const sizes = outputFiles.map((file) => [relative(root, file.path), file.contents.length])
  return Object.fromEntries([...sizes, [relative(root, pageFile), Buffer.byteLength(page)]])
}

/** The library runs in a browser: nothing that it reaches may import Node, or anything else from outside. */
function refuseNode({ inputs }) {
  const reached = new Set(['src/index.ts'])
  for (const path of reached) {
    for (const { path: imported, external } of inputs[path].imports) {
      if (external) throw new Error(`${path} imports ${imported}, but the library must run anywhere`)
      reached.add(imported)
    }
  }
}

function makeTypes() {
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  rmSync(join(dist, 'types'), { recursive: true, force: true })
  const arguments_ = [compiler, '-p', join(root, 'tsconfig.types.json')]
  const { status } = spawnSync(process.execPath, arguments_, { cwd: root, stdio: ['ignore', 2, 2] })
  if (status !== 0) throw new Error('the types cannot be made: what tsc said is above')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { ensureModules } = await import('./ensure.mjs')
  ensureModules()
  try {
    await build({ types: !process.argv.includes('--no-types'), force: process.argv.includes('--force') })
  } catch (error) {
    console.error(`build: ${error instanceof Error ? error.message : error}`)
    process.exit(1)
  }
}
