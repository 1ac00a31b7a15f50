/** What a run leaves behind, to be held against another run of the same packets. */
import { ADDRESSES, PROTOCOL, PROTOCOL_IPV6_BIT, STATUS } from '../../src/conntrack/entry.ts'
import { TRANSLATED } from '../../src/conntrack/translation.ts'
import type { Program } from '../../src/firewall/program.ts'
import type { Replay } from '../../src/replay/replay.ts'

/**
 * The table word by word, the clock, all counters. The numbers of remembered ways, which only one of two runs may have, are
 * left out. `programs`: those whose rules counted.
 */
export function leftBehind({ summary, tracker, firewall }: Replay, programs: readonly (Program | null)[]) {
  const { table, statistics, census, clock } = tracker
  const { entries, wheel } = table
  return {
    summary: { ...summary, reasons: summary.reasons(), ctstates: summary.ctstates },
    words: Array.from({ length: entries.limit }, (_, number) => {
      const words = Array.from(table.words(number).subarray(table.at(number), table.at(number) + 32))
      const hasWays = words[PROTOCOL]! < PROTOCOL_IPV6_BIT && (words[STATUS]! & TRANSLATED) === 0
      return hasWays ? words.map((word, index) => (index === ADDRESSES ? 0 : word)) : words
    }),
    wheel: [wheel.size, wheel.cursor],
    clock: { ...clock },
    counters: [table.count, statistics, census],
    rules: programs.flatMap((program) =>
      [...(program?.tables.values() ?? [])].flatMap(({ chains }) =>
        [...chains.values()].map(({ name, packets, bytes, decided, rules }) => [
          ...[name, packets, bytes, decided],
          ...rules.map((rule) => [rule.packets, rule.bytes, rule.decided]),
        ]),
      ),
    ),
    verdicts: [...firewall.verdicts],
    ways: [...firewall.ways],
    without: { ...firewall.withoutRules },
  }
}
