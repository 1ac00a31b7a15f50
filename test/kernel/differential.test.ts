import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CampaignResult, runCampaign } from './campaign.ts'
import type { Engine } from './engine.ts'
import { FirewallEngine } from './firewall-engine.ts'
import { Kernel } from './kernel.ts'
import { whyNot } from './needs.ts'

const FIXED_SEED = 2
const freshSeed = Date.now() % 1_000_000_000
const PACKETS = 12_000

const missing = whyNot()
const title = 'the same packets through Linux and through the engine'
if (missing !== null) console.warn(`SKIPPED: 5 tests of ${title}, because ${missing}`)

describe.skipIf(missing !== null)(title, () => {
  let kernel: Kernel

  beforeAll(() => {
    kernel = Kernel.open()
  })

  afterAll(() => {
    kernel?.close()
  })

  /** Kernel and engine agree on every packet of the seed. */
  async function agreed(seed: number): Promise<CampaignResult> {
    const result = await runCampaign(kernel, new FirewallEngine(), { seed, packets: PACKETS })
    const { packets, cases, failures, unsteady, slow, coverage } = result
    console.log(
      `${title}: seed ${seed}, ${packets} packets in ${cases} cases, ${failures.length} differences, ` +
        `${unsteady.length} unsteady, ${slow} run again for slowness\n\n${coverage.report()}`,
    )
    expect(failures.map(({ text }) => text).join('\n\n')).toBe('')
    expect(unsteady.map(({ text }) => text).join('\n\n')).toBe('')
    expect(packets).toBeGreaterThanOrEqual(PACKETS)
    expect(result.lost).toBe(0)
    return result
  }

  test('a fixed seed: both agree, and every cell and reason that a live packet can have is reached', async () => {
    expect((await agreed(FIXED_SEED)).coverage.missing()).toEqual([])
  })

  test('a fresh seed: both agree', async () => {
    await agreed(freshSeed)
  })

  test.for([
    ['forgets its reasons', withoutReasons],
    ['is a second late', withDelay],
    ['loses its table', withoutEntries],
  ] as const)('an engine that %s is found out', async ([, spoil]) => {
    const options = { seed: FIXED_SEED, packets: PACKETS, kind: 'tcp-walk', most: 1 }
    expect((await runCampaign(kernel, spoil(new FirewallEngine()), options)).failures).toHaveLength(1)
  })
})

function spoiled(engine: Engine, changes: Partial<Engine>): Engine {
  return {
    send: (packet, side) => engine.send(packet, side),
    entries: () => engine.entries(),
    advance: (seconds) => engine.advance(seconds),
    restart: (settings) => engine.restart(settings),
    ...changes,
  }
}

function withoutReasons(engine: Engine): Engine {
  return spoiled(engine, { send: (packet, side) => ({ ...engine.send(packet, side), reasons: [] }) })
}

function withDelay(engine: Engine): Engine {
  return spoiled(engine, { advance: (seconds) => engine.advance(seconds - 1) })
}

function withoutEntries(engine: Engine): Engine {
  return spoiled(engine, { entries: () => [] })
}
