import { defineMatch, type Kind, option, type Problem, shorthand } from '../ruleset/extension.ts'
import { number } from '../ruleset/kind/number.ts'

/** XT_CLUSTER_NODES_MAX. */
const MOST = 32

/** The tool itself takes no mask above 32 (1.8.9), but prints them. */
const nodeMask: Kind<number> = {
  ...number({ min: 1, base: 16, digits: 8, usage: 'MASK' }),
  examples: () => ['1', '2', '0x10'],
}

export const cluster = defineMatch({
  name: 'cluster',
  summary: 'divides connections among the nodes of a cluster',
  oneOf: [['mask', 'node']],
  options: {
    mask: option(nodeMask, {
      names: ['--cluster-local-nodemask'],
      summary: 'the connection is that of one of these nodes: a bit for each',
      invertible: true,
      excludes: ['node'],
    }),
    total: option(number({ min: 1, max: MOST }), {
      names: ['--cluster-total-nodes'],
      summary: 'how many nodes there are',
      required: true,
    }),
    seed: option(number({ base: 16, digits: 8 }), {
      names: ['--cluster-hash-seed'],
      summary: 'what the hash of the source begins with',
      required: true,
    }),
  },
  shorthands: {
    node: shorthand(number({ min: 1, max: MOST }), {
      names: ['--cluster-local-node'],
      summary: 'the connection is that of this node',
      invertible: true,
      excludes: ['mask'],
      stands: (node, inverted) => ({ mask: { value: (1 << (node - 1)) >>> 0, inverted } }),
    }),
  },
  check({ mask, total }): readonly Problem[] {
    if (mask === undefined || mask.value < 2 ** total.value) return []
    const message = `there are only ${total.value} nodes`
    return [{ code: 'bad-value', option: 'mask', message }]
  },
})
