import { isZero } from '../ruleset/address-text.ts'
import { defineTarget, option, without } from '../ruleset/extension.ts'
import { text } from '../ruleset/kind/text.ts'
import { host } from './host.ts'

export const tee = defineTarget({
  name: 'TEE',
  summary: 'sends a copy of the packet to a neighbour, and goes on',
  options: {
    gateway: option(host, { names: ['--gateway'], summary: 'the neighbour', required: true }),
    oif: option(text({ usage: 'INTERFACE', max: 15, cut: true, print: 'bare', examples: ['lo', 'eth0'] }), {
      names: ['--oif'],
      summary: 'the interface by which the copy leaves',
    }),
  },
  normalise: (options) => (options['oif']?.value === '' ? without(options, 'oif') : options),
  check({ gateway }) {
    if (!isZero(gateway.value)) return []
    return [{ code: 'bad-value', option: 'gateway', message: 'the address of all zeros is no neighbour' }]
  },
})
