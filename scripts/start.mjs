// npm start: from a fresh clone to a capture replayed through rules. Arguments are those of `sallyport replay`.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { build } from './build.mjs'
import { ensureModules, root, run } from './ensure.mjs'

const example = join('examples', 'first-look.pcapng')
const rules = join('examples', 'first-look.v4')

ensureModules()
try {
  await build({ types: false })
} catch (error) {
  console.error(`build: ${error instanceof Error ? error.message : error}`)
  process.exit(1)
}
const given = process.argv.slice(2)
const missing = [example, rules].find((file) => !existsSync(join(root, file)))
if (given.length === 0 && missing !== undefined) {
  console.error(`${missing} is missing: restore it from the repository, or name a capture: npm start -- FILE`)
  process.exit(1)
}
// Files are meant from where npm was called; the example is the repository's.
const cwd = given.length > 0 ? (process.env.INIT_CWD ?? root) : root
const args = [
  join(root, 'dist', 'cli.js'),
  'replay',
  ...(given.length > 0 ? given : [example, '--rules', rules]),
]
process.exitCode = run(process.execPath, args, { cwd, stdio: 'inherit' })
