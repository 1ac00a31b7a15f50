// `npm test`: everything, in the order in which a mistake is found soonest; the first failing step ends it.
// `npm test -- unit kernel` runs only the steps named.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureDebianPackages } from './debian.mjs'
import { binary, ensureModules, root, run } from './ensure.mjs'

const reports = mkdtempSync(join(tmpdir(), 'sallyport-test-'))
process.on('exit', () => rmSync(reports, { recursive: true, force: true }))

const total = { passed: 0, failed: 0, skipped: 0 }

/** Runs a command of node_modules/.bin; true where it succeeds. */
const tool = (name, ...args) => run(binary(name), args) === 0

/** Runs one of vitest's projects, and adds what it counted to the total. */
function suite(project) {
  const report = join(reports, `${project}.json`)
  const ok = tool(
    'vitest',
    'run',
    `--project=${project}`,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  )
  let failed = 0
  try {
    const counted = JSON.parse(readFileSync(report, 'utf8'))
    // A file that does not even load has no test of its own that could fail.
    const broken = counted.testResults.filter(
      (file) => file.status === 'failed' && file.assertionResults.every(({ status }) => status !== 'failed'),
    )
    failed = counted.numFailedTests + broken.length
    total.passed += counted.numPassedTests
    total.skipped += counted.numPendingTests + counted.numTodoTests
  } catch {
    console.error(`vitest left no report of ${project}`)
  }
  // Errors outside of any test fail the run as well.
  total.failed += ok ? failed : Math.max(failed, 1)
  return ok && failed === 0
}

// Biome colours pipes as well.
const colours = process.stdout.isTTY ? [] : ['--colors=off']

const steps = [
  { name: 'lint', what: 'format and lint', run: () => tool('biome', 'ci', ...colours, '.') },
  {
    name: 'types',
    what: 'types, engine and page without Node’s',
    run: () =>
      ['tsconfig.json', 'tsconfig.engine.json', 'web'].every((project) => tool('tsc', '-p', project)),
  },
  { name: 'build', what: 'build', run: () => run(process.execPath, [join(root, 'scripts/build.mjs')]) === 0 },
  { name: 'unit', what: 'unit and property tests', run: () => suite('unit') },
  { name: 'kernel', what: 'the same packets through Linux', run: () => suite('kernel') },
  { name: 'browser', what: 'the page in Chromium', run: () => suite('browser') },
  { name: 'dead', what: 'dead code and dependencies', run: () => tool('knip') },
  {
    name: 'package',
    what: 'the package, packed and installed',
    run: () => tool('publint', '--strict') && suite('package'),
  },
]

const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !steps.some((step) => step.name === name))
if (unknown.length > 0) {
  console.error(`no step ${unknown.join(', ')}; there are: ${steps.map(({ name }) => name).join(' ')}`)
  process.exit(2)
}

ensureModules()
ensureDebianPackages()

const times = []
let failure = null
for (const step of steps) {
  if (asked.length > 0 && !asked.includes(step.name)) continue
  console.log(`\n── ${step.name}: ${step.what}`)
  const start = performance.now()
  const before = total.failed
  const ok = step.run()
  times.push(`${step.name} ${((performance.now() - start) / 1000).toFixed(1)} s`)
  if (ok) continue
  // A step without tests counts as one, or the last line would speak of no failure.
  if (total.failed === before) total.failed++
  failure = step
  break
}

console.log(`\n${times.join(', ')}`)
if (failure) console.log(`FAILED at ${failure.name} (${failure.what}); again: npm test -- ${failure.name}`)
const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : ''
console.log(`${total.passed} passed, ${total.failed} failed${skipped}`)
process.exitCode = failure ? 1 : 0
