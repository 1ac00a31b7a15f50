// What must be there before anything runs: the packages of the lockfile. Plain JavaScript without a
// dependency, because it runs ahead of `npm ci` in a fresh clone.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))

/** The path of a command that a package of the lockfile brings. */
export const binary = (name) => join(root, 'node_modules', '.bin', name)

/**
 * Runs a command in the repository's root, its output passed through and its input empty.
 * Returns the exit code: 127 where the command cannot be started, 128 and more where a signal ended it.
 */
export function run(command, args, options = {}) {
  const { status, signal, error } = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
    ...options,
  })
  if (error) {
    console.error(`${command}: ${error.message}`)
    return 127
  }
  return status ?? (signal === 'SIGINT' ? 130 : 128)
}

/** Runs npm: the one that runs this script, else the one in PATH. */
export function npm(args, options) {
  const own = process.env.npm_execpath
  return own?.endsWith('.js') ? run(process.execPath, [own, ...args], options) : run('npm', args, options)
}

const readLock = (path) => JSON.parse(readFileSync(join(root, path), 'utf8')).packages

/**
 * Whether node_modules is what the lockfile says. npm writes what it installed into
 * node_modules/.package-lock.json as its last act, so an interrupted install has none.
 */
export function modulesCurrent() {
  if (!existsSync(join(root, 'node_modules/.package-lock.json'))) return false
  const installed = readLock('node_modules/.package-lock.json')
  return Object.entries(readLock('package-lock.json')).every(([path, wanted]) => {
    // Optional packages are those of other platforms as well: they may be absent.
    if (path === '' || (wanted.optional && !installed[path])) return true
    return installed[path]?.version === wanted.version && installed[path]?.integrity === wanted.integrity
  })
}

/** Installs the lockfile's packages where they are missing or have changed; ends the process where that fails. */
export function ensureModules() {
  if (modulesCurrent()) return
  // On standard error: the output of what runs next may be somebody's data. Without install scripts: none is needed,
  // and whether npm runs them differs from version to version.
  console.error('installing the packages of package-lock.json …')
  const code = npm(['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    stdio: ['ignore', 2, 2],
  })
  if (code !== 0) {
    console.error('npm ci failed: what it said is above')
    process.exit(1)
  }
}
