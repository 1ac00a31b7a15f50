import { NotEvaluated } from '../hook/environment.ts'
import { defineMatch, option } from '../ruleset/extension.ts'
import { groupNumber } from './group-number.ts'

const group = groupNumber('default')

export const devgroup = defineMatch({
  name: 'devgroup',
  summary: 'compares the groups of the devices that the packet goes through',
  oneOf: [['source', 'destination']],
  options: {
    source: option(group, {
      names: ['--src-group'],
      summary: 'the device that it came in by is in this group',
      invertible: true,
    }),
    destination: option(group, {
      names: ['--dst-group'],
      summary: 'the device that it leaves by is in this group',
      invertible: true,
    }),
  },
  /** devgroup_mt_checkentry. */
  hooksOf({ source, destination }) {
    if (source && destination) return ['FORWARD']
    return source ? ['PREROUTING', 'INPUT', 'FORWARD'] : ['FORWARD', 'OUTPUT', 'POSTROUTING']
  },
  compile(): never {
    throw new NotEvaluated('asks for the groups of devices, which nobody told')
  },
})
