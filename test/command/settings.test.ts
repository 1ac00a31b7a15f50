/** What changes the tracker: sysctls, clock, zone, helpers, checksums. */
import { expect, test } from 'vitest'
import { offload } from '../captures/capture-point.ts'
import { ftp } from '../captures/helpers.ts'
import { gaps } from '../captures/limits.ts'
import { pickedUp } from '../captures/tcp.ts'
import { linesOf, testFolder } from './folder.ts'

const folder = testFolder()
folder.write('midstream.pcapng', pickedUp().file())
folder.write('gaps.pcapng', gaps().file())
folder.write('ftp.pcapng', ftp().file())
folder.write('offload.pcapng', offload().file())

async function ctstates(...words: string[]): Promise<string> {
  const { out } = await folder.replay(...words)
  return /ctstate {7}(.*)/.exec(out)![1]!
}

test('--sysctl by every way to write a name', async () => {
  const plain = 'NEW 6, ESTABLISHED 2'
  expect(await ctstates('midstream.pcapng')).toBe(plain)
  for (const name of [
    'net.netfilter.nf_conntrack_tcp_loose=0',
    'net/netfilter/nf_conntrack_tcp_loose=0',
    'nf_conntrack_tcp_loose = 0',
  ]) {
    expect(await ctstates('midstream.pcapng', '--sysctl', name)).toBe('INVALID 8')
  }
  expect(
    await ctstates(
      'midstream.pcapng',
      '--sysctl=nf_conntrack_tcp_loose=0',
      '--sysctl=nf_conntrack_tcp_loose=1',
    ),
  ).toBe(plain)
})

test('--sysctl-file as sysctl -a prints it; --sysctl counts more', async () => {
  folder.write(
    'all.conf',
    '# a comment\nnet.ipv4.ip_forward = 1\n\nnet.netfilter.nf_conntrack_count = 12\nnet.netfilter.nf_conntrack_tcp_loose = 0\n',
  )
  expect(await ctstates('midstream.pcapng', '--sysctl-file=all.conf')).toBe('INVALID 8')
  expect(
    await ctstates('midstream.pcapng', '--sysctl=nf_conntrack_tcp_loose=1', '--sysctl-file=all.conf'),
  ).toBe('NEW 6, ESTABLISHED 2')
})

test.each([
  ['net.netfilter.nf_conntrack_tcp_loose = 2\n', 'bad.conf:1: '],
  ['\nnet.netfilter.nf_conntrack_tcp_lose = 1\n', 'bad.conf:2: '],
  ['net.ipv4.ip_forward = 1\nwhat is this\n', 'bad.conf:2: '],
])('a file with %j: the message has its place', async (text, place) => {
  folder.write('bad.conf', text)
  const { code, out, error } = await folder.replay('midstream.pcapng', '--sysctl-file', 'bad.conf')
  expect({ code, out }).toEqual({ code: 2, out: '' })
  expect(error).toContain(place)
})

test('an unknown sysctl: the one that was meant; a value out of range: the range', async () => {
  const unknown = await folder.replay('midstream.pcapng', '--sysctl=nf_conntrack_tcp_lose=0')
  expect(unknown.code).toBe(2)
  expect(unknown.error).toContain('did you mean nf_conntrack_tcp_loose?')
  const wide = await folder.replay('midstream.pcapng', '--sysctl=nf_conntrack_tcp_max_retrans=256')
  expect(wide.error).toContain('a whole number from 0 to 255')
  expect((await folder.replay('midstream.pcapng', '--sysctl-file=none.conf')).code).toBe(3)
})

test('--hz: the grain of the clock is that of expiry', async () => {
  const endOf = async (hz: string) => {
    const { out } = await folder.replay('gaps.pcapng', '--events', `--hz=${hz}`, 'icmp')
    return /\[([\d.]+)\]\t\[DESTROY\]/.exec(out)![1]
  }
  // The packet came at .010: the last tick before it counts.
  expect(await endOf('1000')).toBe('1700000030.010000')
  expect(await endOf('250')).toBe('1700000030.008000')
  expect(await endOf('100')).toBe('1700000030.010000')
  expect(await endOf('24')).toBe('1700000030.000000')
  expect((await folder.replay('gaps.pcapng', '--hz=0')).code).toBe(2)
})

test('--zone stands in the table and in the records', async () => {
  const { out } = await folder.replay('gaps.pcapng', '--zone=9', '--table', '--at=#1')
  expect(linesOf(out)).toEqual([
    'tcp      6 120 SYN_SENT src=10.0.0.2 dst=192.0.2.9 sport=40000 dport=80 [UNREPLIED] src=192.0.2.9 dst=10.0.0.2 sport=80 dport=40000 mark=0 zone=9 use=1',
  ])
  const json = await folder.replay('gaps.pcapng', '--zone=9', '--json', 'frame', '1')
  expect(JSON.parse(json.out).entry.zone).toBe(9)
  expect((await folder.replay('gaps.pcapng', '--zone=65536')).code).toBe(2)
})

test('--helper: without it the data connections are NEW', async () => {
  expect(await ctstates('ftp.pcapng')).toBe('NEW 6, ESTABLISHED 36')
  expect(await ctstates('ftp.pcapng', '--helper=ftp=tcp/21')).toBe('NEW 3, ESTABLISHED 36, RELATED 3')
  expect(await ctstates('ftp.pcapng', '--helper=ftp=tcp/2121')).toBe('NEW 6, ESTABLISHED 36')
})

test('--checksum: offloaded ones are taken as right, judged, or none is looked at', async () => {
  const auto = await folder.replay('offload.pcapng')
  expect(auto.out).toContain('5 packets captured before the network card completed the checksum')
  expect(auto.out).toContain('INVALID       tcp-checksum 1\n')
  const verify = await folder.replay('offload.pcapng', '--checksum=verify')
  expect(verify.out).toContain('INVALID       tcp-checksum 6, tcp-new 1\n')
  const ignore = await folder.replay('offload.pcapng', '--checksum=ignore')
  expect(ignore.out).toContain('checksums were not looked at')
  expect(ignore.out).not.toContain('INVALID')
})
