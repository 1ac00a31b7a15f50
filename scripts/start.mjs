// npm start: from a fresh clone to a replayed capture. Arguments are those of `sallyport replay`.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { build } from './build.mjs'
import { ensureModules, root, run } from './ensure.mjs'

const example = join('examples', 'first-look.pcapng')

ensureModules()
try {
  await build({ types: false })
} catch (error) {
  console.error(`build: ${error instanceof Error ? error.message : error}`)
  process.exit(1)
}
const given = process.argv.slice(2)
if (given.length === 0 && !existsSync(join(root, example))) {
  console.error(`${example} is missing: restore it from the repository, or name a capture: npm start -- FILE`)
  process.exit(1)
}
// Files are meant from where npm was called; the example is the repository's.
const cwd = given.length > 0 ? (process.env.INIT_CWD ?? root) : root
const args = [join(root, 'dist', 'cli.js'), 'replay', ...(given.length > 0 ? given : [example])]
process.exitCode = run(process.execPath, args, { cwd, stdio: 'inherit' })
