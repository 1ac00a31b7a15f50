import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { parseIPv4 } from '../../packet/address.ts'
import { type Command, defineCommand } from '../command.ts'
import { Failure } from '../failure.ts'
import { parseArguments } from '../parse-arguments.ts'
import { hostOptions, readHost } from './host-options.ts'

const command = defineCommand({
  name: 'test',
  summary: 'tests',
  usage: '',
  positionals: [],
  completes: { files: true, words: [] },
  options: hostOptions,
  examples: [],
  run: () => Promise.resolve(0),
}) as Command<typeof hostOptions>

function hostOf(line: string, files: readonly string[] = []) {
  return readHost(parseArguments(command, line === '' ? [] : line.split(' ')).options, files)
}

function errorOf(line: string): string {
  try {
    hostOf(line)
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return error.message
  }
  return 'none'
}

function fileOf(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-host-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'host.json')
  writeFileSync(file, text)
  return file
}

test('addresses and routes: the host that they describe', () => {
  const { host, told, strict } = hostOf(
    '--local in0=10.0.0.1/24 --local out0=203.0.113.5/30 --route default=out0',
  )
  const wayTo = (address: string) =>
    host.interfaces.nameOf(host.route(false, parseIPv4(address)!, 0, 0, 0)!.interface)
  expect([wayTo('10.0.0.9'), wayTo('8.8.8.8'), wayTo('10.0.0.1')]).toEqual(['in0', 'out0', 'lo'])
  expect({ told, strict }).toEqual({ told: true, strict: false })
})

test('nothing: nothing is told', () => {
  expect(hostOf('')).toMatchObject({ told: false, strict: false, notes: [] })
})

test('interfaces of captures: by file, by name, by number', () => {
  const { names, ofFile } = hostOf('--interface b.pcap=eth1 --interface ens3=wan0 --interface 4=lan0', [
    'a.pcap',
    'b.pcap',
  ])
  expect(ofFile).toEqual([undefined, 'eth1'])
  expect([...names]).toEqual([
    ['ens3', 'wan0'],
    ['4', 'lan0'],
  ])
})

test('values that are wrong: what is expected', () => {
  expect(errorOf('--local eth0=10.0.0.1')).toBe(
    '--local: the length of the network is missing: 10.0.0.1/24, or /32 for the address alone, not "eth0=10.0.0.1"',
  )
  expect(errorOf('--pair in0')).toBe('--pair: expected IFACE:IFACE such as in0:out0, not "in0"')
  expect(errorOf('--interface eth0')).toBe(
    '--interface: expected FILE=IFACE such as inside.pcap=eth1, or NAME=IFACE, not "eth0"',
  )
  expect(errorOf('--captured here')).toBe(
    '--captured: expected one of inside, outside, both, wire, not "here"',
  )
  expect(errorOf('--route default=eth0')).toBe(
    '--route says where packets go, and nothing says what is for the host itself: add --local IFACE=ADDRESS/LEN',
  )
})

test('a file of the host that cannot be read: where', () => {
  const file = fileOf(
    '[{"ifname":"eth0","addr_info":[\n{"family":"inet","local":"10.0.0.300","prefixlen":8}]}]',
  )
  expect(errorOf(`--host ${file}`)).toBe(
    `${file}:2:26: "10.0.0.300" is no IPv4 address
  2 | {"family":"inet","local":"10.0.0.300","prefixlen":8}]}]
    |                          ^^^^^^^^^^^^`,
  )
  expect(errorOf('--host /nowhere/host.json')).toBe('/nowhere/host.json: no such file')
})

test('a file of the host: told in full', () => {
  const addr =
    '[{"ifname":"eth0","mtu":1500,"addr_info":[{"family":"inet","local":"10.0.0.1","prefixlen":8}]}]'
  const { host, told, strict, notes } = hostOf(
    `--host ${fileOf(`${addr}\n[{"dst":"default","dev":"eth0"}]`)}`,
  )
  expect({ told, strict, notes }).toEqual({ told: true, strict: true, notes: [] })
  expect(host.interfaces.nameOf(host.only)).toBe('eth0')
})
