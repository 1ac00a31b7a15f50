import { NotEvaluated, type Test } from '../hook/environment.ts'
import { defineMatch, option } from '../ruleset/extension.ts'
import { interfaceName } from '../ruleset/generic-values.ts'
import { flag } from '../ruleset/kind/flag.ts'

export const physdev = defineMatch({
  name: 'physdev',
  summary: 'asks which ports of a bridge the packet goes through',
  oneOf: [['isIn', 'in', 'isOut', 'out', 'bridged']],
  options: {
    isIn: option(flag, { names: ['--physdev-is-in'], summary: 'it came in by a bridge', invertible: true }),
    in: option(interfaceName, {
      names: ['--physdev-in'],
      summary: 'it came in by this port',
      invertible: true,
    }),
    isOut: option(flag, {
      names: ['--physdev-is-out'],
      summary: 'it leaves by a bridge',
      invertible: true,
    }),
    out: option(interfaceName, {
      names: ['--physdev-out'],
      summary: 'it leaves by this port',
      invertible: true,
    }),
    bridged: option(flag, {
      names: ['--physdev-is-bridged'],
      summary: 'it is bridged, and not routed',
      invertible: true,
    }),
  },
  /** physdev_mt_check of the kernel: where a packet of this host leaves is not known yet. */
  hooksOf({ isOut, out, bridged }) {
    if ((!isOut && !out) || bridged?.inverted === false) return null
    return ['PREROUTING', 'INPUT', 'FORWARD', 'POSTROUTING']
  },
  /**
   * physdev_mt. Where no interface is a port of a bridge, Linux has none to compare (nf_bridge_info_exists): false, unless
   * every test is inverted. Else the port would have to be known, and captures name the bridge.
   */
  isOfFlow: () => true,
  compile({ isIn, in: name, isOut, out, bridged }, { host }): Test {
    if (host.hasPorts !== false) {
      throw new NotEvaluated(
        'asks for the port of a bridge, which no capture tells; a host that --host says to have none is known',
      )
    }
    const given = [isIn, name, isOut, out, bridged].filter((setting) => setting !== undefined)
    const answer = given.every(({ inverted }) => inverted)
    return () => answer
  },
})
