import { defineMatch, option } from '../ruleset/extension.ts'
import { choice } from '../ruleset/kind/choice.ts'
import { type WideRange, wideRange } from './wide-range.ts'

export const connbytes = defineMatch({
  name: 'connbytes',
  summary: 'compares what the connection has carried so far, this packet included',
  options: {
    range: option(wideRange, {
      names: ['--connbytes'],
      summary: 'the count lies in this range; without an end it is open',
      required: true,
      invertible: true,
    }),
    mode: option(choice({ usage: 'MODE', names: ['packets', 'bytes', 'avgpkt'] }), {
      names: ['--connbytes-mode'],
      summary: 'counts packets or bytes, or bytes a packet',
      required: true,
    }),
    dir: option(choice({ usage: 'DIRECTION', names: ['original', 'reply', 'both'] }), {
      names: ['--connbytes-dir'],
      summary: 'of packets in this direction',
      required: true,
    }),
  },
  /** The kernel is told of an inversion by ends that are swapped: with equal ends it is lost. */
  normalise(options) {
    const { from, to } = options['range']!.value as WideRange
    return from === to ? { ...options, range: { ...options['range']!, inverted: false } } : options
  },
})
