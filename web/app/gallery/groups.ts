/** The scenarios of the gallery, in the order in which they tell most. Their titles and texts are their own. */

/** Shown first: the question that most people come with. */
export const FIRST = 'stray-fin-ack'
/** A capture with its rules, beside the scenarios. */
export const EXAMPLE = 'first-look'

export const groups: readonly { readonly title: string; readonly names: readonly string[] }[] = [
  {
    title: 'The state table',
    names: [
      'handshake',
      'lone-ack',
      'timeouts',
      'udp-stream',
      'ping',
      'simultaneous-open',
      'table-full',
      'use',
    ],
  },
  {
    title: 'What is NEW',
    names: [
      'new-is-not-syn',
      'strict-syn-rule',
      'what-strict-syn-lets-pass',
      'syn-ack-first',
      'strict-and-loose',
    ],
  },
  { title: 'How connections end', names: ['fin-close', 'rst-close', 'stray-fin-ack', 'port-reuse'] },
  {
    title: 'What is INVALID, and what that breaks',
    names: ['window', 'wrong-checksum', 'asymmetric-routing', 'docker-reset'],
  },
  { title: 'RELATED', names: ['related-icmp', 'related-ftp'] },
  {
    title: 'Rules at work',
    names: [
      'own-machine',
      'nat-tuples',
      'notrack',
      'log-then-drop',
      'syn-flood-chain',
      'connlimit-redirect',
      'string-in-payload',
      'ruleset-change',
    ],
  },
  { title: 'Captures', names: ['capture', EXAMPLE] },
]

/** A scenario begins with a comment: its title, an empty line, what there is to know. */
export function headOf(text: string): { readonly title: string; readonly summary: string } {
  const comment = /^(?:#.*\n)*/
    .exec(text)![0]
    .split('\n')
    .map((line) => line.replace(/^# ?/, ''))
  const paragraph = comment.slice(2)
  const end = paragraph.indexOf('')
  const summary = paragraph
    .slice(0, end < 0 ? paragraph.length : end)
    .join(' ')
    .trim()
  return {
    title: (comment[0] ?? '').replaceAll('`', '').replace(/\.$/, ''),
    // The first sentence, for a list of many.
    summary: (/^.*?[.?!](?= |$)/.exec(summary)?.[0] ?? summary).replaceAll('`', ''),
  }
}
