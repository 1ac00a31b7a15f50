import { CTSTATES, FIRST_WORDS, REASON_CODES, STATES, VERDICTS } from '../filter/vocabulary.ts'
import { readPositionals } from './captures.ts'
import { defineCommand } from './command.ts'
import { replayOptions } from './replay-options.ts'
import { terminalOf } from './terminal.ts'

export const replay = defineCommand({
  name: 'replay',
  summary: "replay captures through Linux's connection tracking and iptables",
  usage: '[options] FILE… [SELECTION]',
  positionals: [
    {
      name: 'FILE',
      sentence: 'a capture, pcap or pcapng, gzip or not; - is standard input; several are merged by time',
    },
    {
      name: 'SELECTION',
      sentence:
        'which packets and entries are shown, in the words of pcap-filter: host, net, port, portrange, src, dst, tcp, udp, icmp, ip6, proto, less and greater (of the IP length), and, or, not, ( ); and in words of its own: in eth0, out eth1, ctstate NEW,INVALID, state SYN_SENT, reason tcp-*, verdict DROP, frame 100-200',
    },
  ],
  completes: {
    files: true,
    words: [...FIRST_WORDS].filter((word) => /^\w+$/.test(word)),
    wordsAfter: { ctstate: CTSTATES, state: STATES, reason: REASON_CODES, verdict: VERDICTS },
  },
  options: replayOptions,
  notes: [
    'The tracker always sees every packet; the selection only chooses what is shown. ICMP errors about a selected flow are shown with it. As in tcpdump, "and" and "or" bind equally, from left to right: use parentheses, in quotes for the shell.',
  ],
  examples: [
    { line: 'sallyport replay trouble.pcapng', sentence: 'totals, then the packets out of the ordinary' },
    {
      line: 'sallyport replay trouble.pcapng --all host 10.0.0.2 and port 443',
      sentence: 'every packet of a flow',
    },
    {
      line: 'sallyport replay trouble.pcapng ctstate INVALID',
      sentence: 'what a firewall would drop as INVALID',
    },
    {
      line: "sallyport replay trouble.pcapng --at '#120' --table=proc",
      sentence: 'the state table right after packet 120, as /proc/net/nf_conntrack',
    },
    {
      line: 'sallyport replay trouble.pcapng -r rules.v4',
      sentence: 'which rule decided on each packet, and how often each did',
    },
    {
      line: 'sallyport replay trouble.pcapng -r rules.v4 --all --trace verdict DROP',
      sentence: 'every rule that the dropped packets met, and why it did not match',
    },
    {
      line: 'tcpdump -U -w - -i eth0 | sallyport replay - --json | jq -c .reasons',
      sentence: 'the reasons of live traffic, packet by packet',
    },
  ],
  async run(options, positionals) {
    const { width } = terminalOf(process.stderr, process.env)
    const { files, filter } = readPositionals(positionals, width)
    const { runReplay } = await import('./replay-run.ts')
    return runReplay({ options, files, filter })
  },
})
