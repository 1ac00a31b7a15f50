// Runs the benchmark as users run the engine: bundled by esbuild into plain JavaScript, in a Node without loaders.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'))
const bundle = join(folder, 'run.mjs')
try {
  buildSync({
    entryPoints: [join(root, 'bench', 'run.ts')],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    // As the package: constants in place, which tracking runs a tenth quicker for.
    minifySyntax: true,
    logLevel: 'warning',
  })
  const { status } = spawnSync(process.execPath, [bundle, ...process.argv.slice(2)], {
    cwd: root,
    stdio: 'inherit',
  })
  process.exitCode = status ?? 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
