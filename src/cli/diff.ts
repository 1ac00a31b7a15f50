import { defineCommand } from './command.ts'
import { diffOptions } from './diff-options.ts'
import { wrongUse } from './failure.ts'

export const diff = defineCommand({
  name: 'diff',
  summary: 'run two rulesets over the same captures, and tell which flows change',
  usage: '[options] OLD NEW FILE…',
  positionals: [
    {
      name: 'OLD',
      sentence:
        'the rules as they are: what iptables-save prints, a file for iptables-restore, or a script of iptables commands',
    },
    { name: 'NEW', sentence: 'the rules as they are to be' },
    {
      name: 'FILE',
      sentence: 'a capture, pcap or pcapng, gzip or not; - is standard input; several are merged by time',
    },
  ],
  completes: { files: true, words: [] },
  options: diffOptions,
  notes: [
    'A flow is a conversation as it was recorded: addresses and ports, both directions together, and a new one where OLD began a new connection. It changes if one of its packets comes to another verdict, leaves in another way (addresses, interface, mark, TTL, bytes), is answered or logged otherwise, or would not have been sent. Another rule that decides the same changes no flow; it is told with the rules.',
    'Exit code 0: no flow changes; 1: flows change.',
  ],
  examples: [
    { line: 'sallyport diff rules.v4 new.v4 monday.pcapng', sentence: 'what would be different with new.v4' },
    {
      line: 'git show main:rules.v4 | sallyport diff --markdown - rules.v4 captures/*.pcapng',
      sentence: 'the same for a pull request',
    },
    {
      line: 'sallyport diff rules.v4 rules.v4 trouble.pcapng --sysctl-new net.netfilter.nf_conntrack_tcp_be_liberal=1',
      sentence: 'the same rules with another setting',
    },
    {
      line: 'sallyport diff rules.v4 new.v4 monday.pcapng --swap-at 12:00',
      sentence: 'loads new.v4 at noon: which open connections go on?',
    },
  ],
  async run(options, positionals) {
    const [old, now, ...files] = positionals
    if (old === undefined || now === undefined)
      throw wrongUse('two files of rules are compared: give OLD and NEW, then the captures')
    if (files.length === 0)
      throw wrongUse('no capture is named: give a file behind OLD and NEW, or - for standard input')
    if ([old, now, options.old6, options.new6, ...files].filter((file) => file === '-').length > 1)
      throw wrongUse('standard input (-) can be read only once')
    if (options.json && options.markdown)
      throw wrongUse('--json and --markdown go to standard output both: choose one')
    if ((options.old6 === null) !== (options.new6 === null))
      throw wrongUse('--old6 and --new6 are compared: give both, /dev/null for one that has no rules')
    if (options.ipv6 && options.old6 !== null)
      throw wrongUse('with --ipv6, OLD and NEW are for ip6tables already: --old6 and --new6 have no use')
    const { runDiff } = await import('./diff-run.ts')
    return runDiff({ options, old, now, files })
  },
})
