import type { Test } from '../hook/environment.ts'
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
   * physdev_mt. No packet here comes over a bridge, so that Linux has no port to compare (nf_bridge_info_exists): false,
   * unless every test is inverted.
   */
  isOfFlow: () => true,
  compile({ isIn, in: name, isOut, out, bridged }): Test {
    const given = [isIn, name, isOut, out, bridged].filter((setting) => setting !== undefined)
    const answer = given.every(({ inverted }) => inverted)
    return () => answer
  },
})
