// Programs that tests compare with: they come from Debian packages. Where they cannot be installed, the tests
// that need them skip themselves and say so.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { run } from './ensure.mjs'

/** Debian package by the programs that are used of it. */
const packages = {
  iproute2: ['ip'],
  iptables: ['iptables'],
  nftables: ['nft'],
  conntrack: ['conntrack'],
  tshark: ['tshark', 'capinfos', 'editcap'],
  chromium: ['chromium'],
}

// Where system programs are; the PATH of users often lacks these.
const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin', '/usr/local/sbin']
const isThere = (program) => folders.some((folder) => existsSync(join(folder, program)))

const missing = () =>
  Object.entries(packages)
    .filter(([, programs]) => !programs.every(isThere))
    .map(([name]) => name)

function apt(...args) {
  // tshark's package asks whether users may capture: the answer does not matter here.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  return run('apt-get', ['-qq', '-o', 'DPkg::Lock::Timeout=120', ...args], { env, stdio: ['ignore', 2, 2] })
}

/** Installs the missing packages where this process may; otherwise names them and goes on. */
export function ensureDebianPackages() {
  let names = missing()
  if (names.length === 0) return
  const isRoot = process.getuid?.() === 0
  const hasApt = spawnSync('apt-get', ['--version'], { stdio: 'ignore' }).status === 0
  if (isRoot && hasApt) {
    console.error(`installing Debian packages: ${names.join(' ')} …`)
    apt('update')
    apt('install', '-y', '--no-install-recommends', ...names)
    names = missing()
    if (names.length === 0) return
  }
  const list = names.join(' ')
  const advice = isRoot
    ? hasApt
      ? 'apt-get failed, see above'
      : 'no apt-get here'
    : `as root: apt-get install --no-install-recommends ${list}`
  console.error(`NOT INSTALLED: ${list} (${advice}). The tests that need them will be skipped.`)
}
