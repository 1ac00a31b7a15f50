/** Nothing from outside steers the terminal: names, prefixes, comments, arguments, in every kind of output. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { concat, description, option, packet, section } from '../../src/capture/fixtures.ts'
import { buildPacket } from '../../src/packet/build.ts'
import { nflog } from '../../src/packet/build-link.ts'
import { LINKTYPE_NFLOG, LINKTYPE_RAW } from '../../src/packet/link-type.ts'
import { STEERING } from './harness.ts'

/** Title of the window, colour (7 and 8 bits), carriage return, bell, line feed, right-to-left override, isolate. */
const EVIL = '\u001b]0;owned\u0007\u001b[31m\u009b31m\r\n\u202egnp\u2066\u2028x'
const cli = join(import.meta.dirname, '../../dist/cli.js')
const folder = mkdtempSync(join(tmpdir(), 'sallyport-hostile-'))
afterAll(() => rmSync(folder, { recursive: true }))

const evilBytes = new TextEncoder().encode(EVIL)
const plan = {
  source: '10.0.0.1',
  destination: '10.0.0.2',
  tcp: { sourcePort: 1, destinationPort: 21, flags: 'A' },
}
const comment = option(true, 1, evilBytes)

/** Interfaces with such names, one of them of a link type that nobody knows; such comments and prefixes. */
function capture(): Uint8Array {
  return concat(
    section(true),
    description(true, LINKTYPE_RAW, 0, [2, evilBytes], [1, evilBytes]),
    description(true, 147, 0, [2, evilBytes]),
    description(true, LINKTYPE_NFLOG, 0, [2, evilBytes]),
    packet(true, 0, 1_700_000_000_000_000n, buildPacket(plan), undefined, comment),
    packet(true, 1, 1_700_000_000_100_000n, new Uint8Array(20), undefined, comment),
    packet(true, 2, 1_700_000_000_200_000n, nflog(buildPacket(plan), { prefix: EVIL }), undefined, comment),
    packet(true, 9, 1_700_000_000_300_000n, new Uint8Array(20)),
    new Uint8Array(40),
  )
}

const evilFolder = join(folder, EVIL)
mkdirSync(evilFolder)
const place = (name: string, bytes: Uint8Array | string): string => {
  const path = join(evilFolder, name)
  writeFileSync(path, bytes)
  return path
}
const first = place(`${EVIL}.pcapng`, capture())
const second = place(`second${EVIL}.pcapng`, capture())
const table = place(`${EVIL}.table`, `tcp 6 ${EVIL} ${EVIL}=${EVIL}\nudp 17 30 src=${EVIL}\n${EVIL}\n`)
const settings = place(`${EVIL}.conf`, `net.netfilter.nf_conntrack_max = ${EVIL}\n`)
// A chain's name has no blanks and 28 bytes, a rule no line feeds.
const evilChain = '\u001b[31m\u009b1m\u0007\u202eg'
const evilWords = `"${EVIL.replace(/[\r\n]/g, '')}"`
const rulesText = `*filter
:FORWARD ACCEPT [0:0]
:${evilChain} - [0:0]
-A FORWARD -m comment --comment ${evilWords} -j ${evilChain}
-A ${evilChain} -m comment --comment ${evilWords} -j LOG --log-prefix "${evilChain}"
-A ${evilChain} -m time --kerneltz -j ACCEPT
-A ${evilChain} -p tcp -m comment --comment ${evilWords} -j DROP
COMMIT
`
const rules = place(`${EVIL}.v4`, rulesText)
const wrongRules = place(
  `wrong${EVIL}.v4`,
  `${rulesText}*filter\n-A ${evilChain} -m ${evilChain} ${evilWords}\n`,
)
const withRules = ['--rules', rules, '--unknown=ignore']
const missing = join(evilFolder, `missing${EVIL}.pcap`)

const calls: readonly [string, readonly string[], number][] = [
  ['the report', [first], 0],
  ['the report of several files', [first, second], 0],
  ['every packet of several files', [first, second, '--all'], 0],
  ['events', [first, '--events'], 0],
  ...['conntrack', 'extended', 'proc', 'ip_conntrack', 'save', 'xml', 'json'].map(
    (format): [string, string[], number] => [
      `a table as ${format}`,
      [first, `--table=${format}`, '--at=#1'],
      0,
    ],
  ),
  ['expectations and statistics', [first, '--expect', '--stats', '--helper=ftp=tcp/21'], 0],
  ['a table to begin with', [first, '--table-in', table, '--table'], 3],
  ['settings from a file', [first, '--sysctl-file', settings], 2],
  ['a setting', [first, '--sysctl', `${EVIL}=1`], 2],
  ['the report with rules', [first, ...withRules], 0],
  ['every packet with its way', [first, ...withRules, '--all', '--trace=rules'], 0],
  ['what TRACE writes', [first, ...withRules, '--trace=kernel'], 0],
  ['rules that cannot be evaluated', [first, '--rules', rules], 1],
  ['rules with mistakes', [first, '--rules', wrongRules], 3],
  ['a moment', [first, '--at', EVIL], 2],
  ['a moment in a file', [first, second, '--at', `#${EVIL}:1`], 2],
  ['a zone', [first, '--tz', EVIL], 2],
  ['an option', [first, `--${EVIL}`], 2],
  ['a value', [first, `--table=${EVIL}`], 2],
  ['a selection', [first, `host ${EVIL}`], 2],
  ['a file that is not there', [missing], 3],
  ['a table that is not there', [first, '--table-in', missing], 3],
  ['a file that is no capture', [table], 3],
  ['a file to write that is being read', [first, '--write', first], 2],
  ['a file to write where there is no folder', [first, '--write', join(missing, EVIL)], 2],
]

describe('names that would steer a terminal', () => {
  test.each(calls)('%s: shown as escapes', (_, args, status) => {
    const result = spawnSync(process.execPath, [cli, 'replay', ...args], { encoding: 'utf8' })
    const text = result.stdout + result.stderr
    expect(result.status, text).toBe(status)
    expect(text).not.toBe('')
    // Events and the like have tabs of their own.
    expect(text.replaceAll('\t', '')).not.toMatch(STEERING)
    expect(text).not.toMatch(/^gnp|^x:/m)
  })

  test.each([rules, wrongRules])('mistakes and form of rules: shown as escapes', (file) => {
    const result = spawnSync(process.execPath, [cli, 'fmt', '--check', file], { encoding: 'utf8' })
    expect(result.status).toBe(1)
    expect(result.stdout + result.stderr).not.toBe('')
    expect(result.stdout + result.stderr).not.toMatch(STEERING)
  })

  test('another command: shown as escapes', () => {
    const result = spawnSync(process.execPath, [cli, EVIL], { encoding: 'utf8' })
    expect(result.status).toBe(2)
    expect(result.stdout + result.stderr).not.toMatch(STEERING)
  })

  test('records as NDJSON: one line each, C0 and C1 as escapes, the names themselves kept', () => {
    const result = spawnSync(process.execPath, [cli, 'replay', first, '--json'], { encoding: 'utf8' })
    expect(result.stdout).not.toMatch(/(?!\n)\p{Cc}/u)
    const records = result.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(records).toHaveLength(3)
    expect(records[0].interface).toBe(EVIL)
  })
})
