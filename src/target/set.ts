import { type Action, type Environment, NotEvaluated } from '../hook/environment.ts'
import { VERDICT_CONTINUE } from '../hook/hook.ts'
import { fits, type IpSet, plainQuery, type Query, SET_YES, testSet, whyNotAsked } from '../ipset/query.ts'
import { defineTarget, option, type Problem } from '../ruleset/extension.ts'
import { flag } from '../ruleset/kind/flag.ts'
import { number } from '../ruleset/kind/number.ts'
import { type SetReference, setReference } from '../ruleset/kind/set-reference.ts'

export const set = defineTarget({
  name: 'SET',
  summary: 'adds an element for the packet to an IP set, removes it, or applies what the set says of it',
  oneOf: [['add', 'delete', 'map']],
  options: {
    add: option(setReference, { names: ['--add-set'], summary: 'adds the element to this set' }),
    exist: option(flag, { names: ['--exist'], summary: 'an element that is there begins its time anew' }),
    timeout: option(number({ max: 4294967294, unit: 'seconds' }), {
      names: ['--timeout'],
      summary: 'how long the added element stays',
    }),
    delete: option(setReference, { names: ['--del-set'], summary: 'removes the element from this set' }),
    map: option(setReference, { names: ['--map-set'], summary: 'looks the packet up in this set' }),
    mapMark: option(flag, { names: ['--map-mark'], summary: "sets the packet's mark to the element's" }),
    mapPrio: option(flag, { names: ['--map-prio'], summary: "sets the class to the element's" }),
    mapQueue: option(flag, { names: ['--map-queue'], summary: "sets the device's queue to the element's" }),
  },
  hooksOf: ({ mapPrio, mapQueue }) => (mapPrio || mapQueue ? ['FORWARD', 'OUTPUT', 'POSTROUTING'] : null),
  check({ add, exist, timeout, map, mapMark, mapPrio, mapQueue }, { table }) {
    const problems: Problem[] = []
    if (!add && exist)
      problems.push({ code: 'missing-option', option: 'exist', message: '--exist needs --add-set' })
    if (!add && timeout)
      problems.push({ code: 'missing-option', option: 'timeout', message: '--timeout needs --add-set' })
    const mapped = mapMark ?? mapPrio ?? mapQueue
    if (map && !mapped) {
      const message = '--map-set needs one of --map-mark, --map-prio, --map-queue'
      problems.push({ code: 'missing-option', option: 'map', message })
    }
    if (mapped && !map) problems.push({ code: 'missing-option', message: 'what is mapped needs --map-set' })
    if (map && table !== 'mangle')
      problems.push({
        code: 'wrong-table',
        option: 'map',
        message: '--map-set is valid only in table mangle',
      })
    return problems
  },
  compile({ add, exist, timeout, delete: del, map, mapMark, mapPrio }, environment: Environment): Action {
    const { clock } = environment.tracker
    const seconds = timeout === undefined ? null : Math.min(timeout.value, LONGEST)
    const adding = access(environment, add?.value, { exist: exist !== undefined, timeout: seconds })
    const removing = access(environment, del?.value)
    const mapping = access(environment, map?.value)
    return (passage) => {
      const { packet } = passage
      if (adding !== null) {
        adding.query.ticks = clock.ticks
        if (fits(adding.set, adding.query)) adding.set.add(packet, adding.query)
      }
      if (removing !== null) {
        removing.query.ticks = clock.ticks
        if (fits(removing.set, removing.query)) removing.set.remove(packet, removing.query)
      }
      if (mapping === null) return VERDICT_CONTINUE
      const { query } = mapping
      query.ticks = clock.ticks
      query.mark = 0
      query.markMask = 0
      query.priority = 0
      if (testSet(mapping.set, packet, query) === SET_YES) {
        if (mapMark) passage.mark = (passage.mark & ~query.markMask) ^ query.mark
        if (mapPrio) passage.priority = query.priority
      }
      return VERDICT_CONTINUE
    }
  },
})

/** IPSET_MAX_TIMEOUT. */
const LONGEST = 2_147_483

interface Access {
  readonly set: IpSet
  readonly query: Query
}

function access(
  { sets, family, tracker }: Environment,
  reference: SetReference | undefined,
  more: Partial<Query> = {},
): Access | null {
  if (reference === undefined) return null
  const set = sets.get(reference.name)
  if (set === null) throw new NotEvaluated(`no set "${reference.name}": give --ipset FILE`)
  const refusal = whyNotAsked(set, family)
  if (refusal !== null) throw new NotEvaluated(refusal)
  const sources = reference.directions.map((direction) => direction === 'src')
  return { set, query: plainQuery(family, sources, tracker.clock.hz, more) }
}
