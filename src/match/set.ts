import { type Environment, NotEvaluated, type Test } from '../hook/environment.ts'
import { STOP_UNKNOWN } from '../hook/passage.ts'
import {
  type Comparison,
  type CounterTest,
  plainQuery,
  SET_UNKNOWN,
  SET_YES,
  testSet,
  whyNotAsked,
} from '../ipset/query.ts'
import { defineMatch, option, without } from '../ruleset/extension.ts'
import { flag } from '../ruleset/kind/flag.ts'
import { wideNumber } from '../ruleset/kind/number.ts'
import { setReference } from '../ruleset/kind/set-reference.ts'
import type { Setting } from '../ruleset/model.ts'

const counter = (name: string, summary: string, others: readonly string[], invertible: boolean) =>
  option(wideNumber, { names: [name], summary, excludes: others, invertible })

export const set = defineMatch({
  name: 'set',
  summary: 'looks the packet up in an IP set',
  options: {
    set: option(setReference, {
      names: ['--match-set', '--set'],
      summary: 'the set, and what of the packet stands for each of its parts',
      invertible: true,
      required: true,
    }),
    returnNomatch: option(flag, {
      names: ['--return-nomatch'],
      summary: 'matches elements that are marked nomatch',
    }),
    updateCounters: option(flag, {
      names: ['--update-counters'],
      summary: 'inverted: the counters of the element stay as they are',
      invertible: true,
      omit: ({ inverted }) => !inverted,
    }),
    updateSubcounters: option(flag, {
      names: ['--update-subcounters'],
      summary: 'inverted: the counters of the element in a list of sets stay as they are',
      invertible: true,
      omit: ({ inverted }) => !inverted,
    }),
    packetsEq: counter('--packets-eq', "the element's packet counter is N", ['packetsLt', 'packetsGt'], true),
    packetsLt: counter('--packets-lt', "the element's packet counter is below N", ['packetsGt'], false),
    packetsGt: counter('--packets-gt', "the element's packet counter is above N", [], false),
    bytesEq: counter('--bytes-eq', "the element's byte counter is N", ['bytesLt', 'bytesGt'], true),
    bytesLt: counter('--bytes-lt', "the element's byte counter is below N", ['bytesGt'], false),
    bytesGt: counter('--bytes-gt', "the element's byte counter is above N", [], false),
  },
  normalise(options) {
    // Only inverted do they change anything.
    let settings = options
    for (const key of ['updateCounters', 'updateSubcounters']) {
      if (options[key]?.inverted === false) settings = without(settings, key)
    }
    return settings
  },
  compile(options, { sets, family, tracker }: Environment): Test {
    const { set: reference, returnNomatch, updateCounters, updateSubcounters } = options
    const { name, directions } = reference.value
    const set = sets.get(name)
    if (set === null) throw new NotEvaluated(`no set "${name}": give --ipset FILE`)
    const refusal = whyNotAsked(set, family)
    if (refusal !== null) throw new NotEvaluated(refusal)
    const { clock } = tracker
    const sources = directions.map((direction) => direction === 'src')
    const query = plainQuery(family, sources, clock.hz, {
      updateCounters: updateCounters?.inverted !== true,
      updateSubcounters: updateSubcounters?.inverted !== true,
      returnNomatch: returnNomatch !== undefined,
      packets: counterTest(options.packetsEq, options.packetsLt, options.packetsGt),
      bytes: counterTest(options.bytesEq, options.bytesLt, options.bytesGt),
    })
    const { inverted } = reference
    return (passage) => {
      query.ticks = clock.ticks
      const found = testSet(set, passage.packet, query)
      if (found !== SET_UNKNOWN) return (found === SET_YES) !== inverted
      passage.stop = STOP_UNKNOWN
      return false
    }
  },
})

type Count = Setting<bigint> | undefined

function counterTest(equal: Count, less: Count, more: Count): CounterTest | null {
  const setting = equal ?? less ?? more
  if (setting === undefined) return null
  const comparison: Comparison = equal ? (equal.inverted ? 'ne' : 'eq') : less ? 'lt' : 'gt'
  return { comparison, value: Number(setting.value) }
}
