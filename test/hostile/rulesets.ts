/** Rulesets for hostile packets: written ones, one that gives each extension its turn, and random ones. */
import { Tracker } from '../../src/conntrack/tracker.ts'
import { extensions } from '../../src/firewall/extensions.ts'
import { Firewall } from '../../src/firewall/firewall.ts'
import { Host } from '../../src/host/host.ts'
import { readSets } from '../../src/ipset/reader.ts'
import { Sets } from '../../src/ipset/sets.ts'
import { parseAddress } from '../../src/packet/address.ts'
import type { Family } from '../../src/ruleset/model.ts'
import { parseRuleset } from '../../src/ruleset/parser.ts'
import { builtInChains, tableNames } from '../../src/ruleset/tables.ts'
import { sets as labSets } from '../kernel/rules/lab.ts'
import { writtenCases } from '../kernel/rules/written.ts'
import { makeRule, randomOf } from '../support/rules.ts'

export const families: readonly Family[] = ['ipv4', 'ipv6']
const chains = ['a', 'b'] as const
/** Tries until an extension has a rule that is good. */
const TRIES = 60

/** Sets with time limits, counters and little room beside those of the kernel harness. */
export function hostileSets(): Sets {
  const made = new Sets()
  const text = `${labSets.join('\n')}
create small4 hash:ip,port timeout 5 maxelem 4 counters
create small6 hash:ip,port family inet6 timeout 5 maxelem 4
create many4 hash:net
add many4 10.0.0.0/8
add many4 10.0.0.1 nomatch
create all list:set
add all s4
add all many4
`
  const problems = readSets(text, 'hostile', made)
  if (problems.length > 0) throw new Error(problems.map(({ message }) => message).join('\n'))
  return made
}

/** `router` stands between the networks of hostile packets; `end` is one of their addresses. */
export function hostileHost(kind: 'nobody' | 'router' | 'end'): Host {
  const host = new Host()
  const add = (name: string, ...addresses: string[]) => {
    const number = host.interfaces.numberOf(name)
    host.setDevice(number, { mtu: 576, index: number })
    for (const text of addresses) {
      const [address, length] = text.split('/')
      const { words } = parseAddress(address!)!
      host.addAddress({ interface: number, words: Int32Array.from(words), length: Number(length) })
    }
  }
  if (kind === 'router') {
    add('in0', '10.0.0.254/24', '2001:db8::fe/64')
    add('out0', '192.0.2.1/24', 'fe80::2/64', '2001:db8:1::1/64')
  } else if (kind === 'end') add('in0', '10.0.0.2/24', '2001:db8::2/64')
  if (kind === 'nobody') return host
  const last = host.interfaces.numberOf(kind === 'router' ? 'out0' : 'in0')
  for (const words of [new Int32Array(1), new Int32Array(4)])
    host.addRoute({ ipv6: words.length === 4, type: 'unicast', words, length: 0, interface: last })
  return host
}

const evil = '"\u202e\u009b31m\u001b]0;x\u0007"'
const evilChain = '\u001b[31m\u202ea'

/** Every built-in chain begins with a rule that takes each packet, so that what came in is counted. */
function layOut(rules: readonly string[], policies = ''): string {
  const lines: string[] = []
  for (const table of tableNames) {
    lines.push(`*${table}`)
    for (const chain of builtInChains(table))
      lines.push(`:${chain} ${policies.includes(`${table}/${chain}`) ? 'DROP' : 'ACCEPT'} [0:0]`)
    for (const chain of chains) lines.push(`:${chain} - [0:0]`)
    for (const chain of builtInChains(table)) lines.push(`-A ${chain}`)
    for (const rule of rules) if (rule.startsWith(`${table} `)) lines.push(rule.slice(table.length + 1))
    lines.push('COMMIT')
  }
  return `${lines.join('\n')}\n`
}

/** The rules of the list that nobody objects to, alone and together. */
function goodOnes(rules: readonly string[], family: Family): string[] {
  let left = [...rules]
  for (;;) {
    const { diagnostics } = parseRuleset(layOut(left), { family, registry: extensions, limit: 1000 })
    const lines = layOut(left).split('\n')
    const bad = new Set(
      diagnostics.filter(({ severity }) => severity === 'error').map(({ place }) => lines[place.line - 1]!),
    )
    if (bad.size === 0) return left
    left = left.filter((rule) => !bad.has(rule.slice(rule.indexOf(' ') + 1)))
  }
}

/** For looking at rules only. */
const judge = { tracker: new Tracker(), sets: hostileSets(), host: hostileHost('router') }

/** Of rules that nobody objects to, those that can be evaluated. */
export function evaluable(text: string, family: Family): boolean {
  const { ruleset, diagnostics } = parseRuleset(text, { family, registry: extensions })
  if (diagnostics.some(({ severity }) => severity === 'error')) return false
  const firewall = new Firewall(judge.tracker, { ...judge, rulesets: [ruleset] })
  return firewall.programs[family]!.unevaluated.length === 0
}

/** The same for the same name, whatever else there is. */
function seedOf(name: string): number {
  let seed = 0
  for (const character of name) seed = Math.imul(seed, 31) + character.charCodeAt(0)
  return seed
}

/** Without rules that cannot be evaluated beside the others (tables of hashlimit that share a name). */
function together(rules: readonly string[], family: Family): string[] {
  const text = layOut(rules)
  const lines = text.split('\n')
  const { ruleset } = parseRuleset(text, { family, registry: extensions })
  const { unevaluated } = new Firewall(judge.tracker, { ...judge, rulesets: [ruleset] }).programs[family]!
  const bad = new Set(unevaluated.map(({ place }) => lines[place.line - 1]!))
  return rules.filter((rule) => !bad.has(rule.slice(rule.indexOf(' ') + 1)))
}

/** One of each extension that can be evaluated, with options at their edges; and the names of those that cannot. */
function everyExtension(family: Family): { readonly rules: string[]; readonly left: string[] } {
  const rules: string[] = []
  const left: string[] = []
  for (const extension of extensions.extensions) {
    if ((extension.family ?? family) !== family) continue
    const name = `${extension.type} ${extension.name}`
    const found: string[] = []
    for (let attempt = 0; attempt < TRIES && found.length < 2; attempt++) {
      const made = makeRule(extensions, family, randomOf(seedOf(name) + attempt), { extension })
      // Nothing that keeps packets away.
      const text = made.text.replace(/(! )?-[sdio] \S+ /g, '')
      const rule = `${made.table} -A ${made.chain} ${text}`
      if (evaluable(layOut([rule]), family)) found.push(rule)
    }
    if (found.length === 0) left.push(name)
    rules.push(...found)
  }
  return { rules: together(goodOnes(rules, family), family), left }
}

const nat: Readonly<Record<Family, readonly string[]>> = {
  ipv4: [
    'raw -A PREROUTING -m rpfilter --loose --invert',
    'raw -A PREROUTING -p udp -m udp --dport 69 -j NOTRACK',
    'raw -A PREROUTING -p tcp -m tcp --dport 21 -j CT --helper ftp',
    'raw -A PREROUTING -p icmp -j CT --zone-orig 7',
    'mangle -A PREROUTING -j CONNMARK --restore-mark',
    'mangle -A PREROUTING -j TTL --ttl-inc 1',
    'mangle -A PREROUTING -p tcp -j TCPOPTSTRIP --strip-options mss,sack,8,255',
    'mangle -A FORWARD -p tcp -m tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu',
    'mangle -A FORWARD -p tcp -m tcp --tcp-flags SYN SYN -j TCPMSS --set-mss 500',
    'mangle -A FORWARD -p tcp -j ECN --ecn-tcp-remove',
    'mangle -A FORWARD -j DSCP --set-dscp 63',
    'mangle -A POSTROUTING -j TOS --set-tos 0xff/0x0f',
    'mangle -A POSTROUTING -j CHECKSUM --checksum-fill',
    'nat -A PREROUTING -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.0.1-10.0.0.3:1-3',
    'nat -A PREROUTING -p udp -j REDIRECT --to-ports 53-54',
    'nat -A PREROUTING -p sctp -j DNAT --to-destination 10.0.0.9:9',
    'nat -A PREROUTING -d 192.0.2.0/24 -j NETMAP --to 10.0.0.0/24',
    'nat -A OUTPUT -p tcp -j DNAT --to-destination 10.0.0.1:21',
    'nat -A POSTROUTING -p tcp -j SNAT --to-source 192.0.2.9:20-21',
    'nat -A POSTROUTING -p udp -j MASQUERADE --to-ports 69 --random',
    'nat -A POSTROUTING -j MASQUERADE',
    'nat -A INPUT -p icmp -j SNAT --to-source 10.0.0.1',
    'filter -A FORWARD -m conntrack --ctstate INVALID -j LOG --log-prefix EVIL --log-tcp-options --log-ip-options --log-tcp-sequence',
    'filter -A FORWARD -m conntrack --ctstate DNAT -j a',
    'filter -A FORWARD -m conntrack --ctstate SNAT -g b',
    'filter -A FORWARD -p tcp -j REJECT --reject-with tcp-reset',
    'filter -A FORWARD -p udp -j REJECT',
    'filter -A INPUT -p icmp -j REJECT --reject-with icmp-host-prohibited',
    'filter -A a -m recent --name r --set',
    'filter -A a -m recent --name r --update --seconds 1 --hitcount 3 -j DROP',
    'filter -A a -m hashlimit --hashlimit-name h --hashlimit-above 1/minute --hashlimit-mode srcip,dstport -j NFLOG --nflog-prefix EVIL',
    'filter -A a -j SET --add-set small4 src,dst --exist --timeout 1',
    'filter -A b -m connlimit --connlimit-above 1 -j NFQUEUE --queue-num 1',
    'filter -A b -m set --match-set all src -j RETURN',
    'filter -A b -m comment --comment EVIL -j a',
    'filter -A OUTPUT -j LOG --log-prefix EVIL --log-macdecode',
    'mangle -A POSTROUTING -j CONNMARK --save-mark',
  ],
  ipv6: [
    'raw -A PREROUTING -m rpfilter --loose --invert',
    'raw -A PREROUTING -p udp -m udp --dport 69 -j NOTRACK',
    'raw -A PREROUTING -p tcp -m tcp --dport 21 -j CT --helper ftp',
    'mangle -A PREROUTING -j HL --hl-inc 1',
    'mangle -A FORWARD -p tcp -j TCPOPTSTRIP --strip-options mss,sack,8,255',
    'mangle -A FORWARD -p tcp -m tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu',
    'mangle -A FORWARD -p tcp -m tcp --tcp-flags SYN SYN -j TCPMSS --set-mss 1200',
    'mangle -A FORWARD -j DSCP --set-dscp 63',
    'mangle -A POSTROUTING -j TOS --set-tos 0xff/0x0f',
    'nat -A PREROUTING -p tcp -m tcp --dport 80 -j DNAT --to-destination [2001:db8::1-2001:db8::3]:1-3',
    'nat -A PREROUTING -p udp -j REDIRECT --to-ports 53-54',
    'nat -A PREROUTING -d 2001:db8::/64 -j NETMAP --to 2001:db8:1::/64',
    'nat -A OUTPUT -p tcp -j DNAT --to-destination [2001:db8::1]:21',
    'nat -A POSTROUTING -p tcp -j SNAT --to-source [2001:db8::9]:20-21',
    'nat -A POSTROUTING -j MASQUERADE',
    'filter -A FORWARD -m conntrack --ctstate INVALID -j LOG --log-prefix EVIL --log-tcp-options --log-ip-options',
    'filter -A FORWARD -m conntrack --ctstate DNAT -j a',
    'filter -A FORWARD -m conntrack --ctstate SNAT -g b',
    'filter -A FORWARD -p tcp -j REJECT --reject-with tcp-reset',
    'filter -A FORWARD -p udp -j REJECT --reject-with icmp6-policy-fail',
    'filter -A INPUT -p ipv6-icmp -j REJECT',
    'filter -A a -m recent --name r --set --rdest',
    'filter -A a -m recent --name r --update --seconds 1 --hitcount 3 -j DROP',
    'filter -A a -m hashlimit --hashlimit-name h --hashlimit-above 1/minute --hashlimit-mode srcip,dstport --hashlimit-srcmask 64 -j NFLOG --nflog-prefix EVIL',
    'filter -A a -j SET --add-set small6 src,dst --exist --timeout 1',
    'filter -A b -m connlimit --connlimit-above 1 --connlimit-mask 64 -j NFQUEUE --queue-num 1',
    'filter -A b -m ipv6header --header dst,frag --soft -j RETURN',
    'filter -A b -m rt --rt-type 0 --rt-0-addrs 2001:db8::1 --rt-0-not-strict -j DROP',
    'filter -A b -m comment --comment EVIL -j a',
    'filter -A OUTPUT -j LOG --log-prefix EVIL --log-macdecode',
  ],
}

/** A router that translates, rewrites, answers and logs nearly everything. */
export function busyRouter(family: Family): string {
  return layOut(
    nat[family].map((rule) => rule.replace('EVIL', evil)),
    'filter/INPUT',
  ).replace(/(^:|-A |-[jg] )a(?=\s)/gm, `$1${evilChain}`)
}

const kept = new Map<Family, ReturnType<typeof everyExtension>>()

export function everyone(family: Family): ReturnType<typeof everyExtension> {
  let made = kept.get(family)
  if (made === undefined) {
    made = everyExtension(family)
    kept.set(family, made)
  }
  return made
}

/** Each extension that can be evaluated has two rules, none of which ends a packet's way if `goesOn`. */
export function fullHouse(family: Family, goesOn: boolean): string {
  const { rules } = everyone(family)
  const ends = / -j (DROP|REJECT|QUEUE|NFQUEUE|ACCEPT|RETURN)\b.*/
  return layOut(rules.map((rule) => (goesOn ? rule.replace(ends, '') : rule)))
}

/** As made for the kernel harness, by family. */
export const written: Readonly<Record<Family, readonly string[]>> = {
  ipv4: writtenCases().flatMap(({ family, rules }) => (family === 'ipv4' ? [`${rules.join('\n')}\n`] : [])),
  ipv6: writtenCases().flatMap(({ family, rules }) => (family === 'ipv6' ? [`${rules.join('\n')}\n`] : [])),
}

/** Up to `most` rules; they may be more than an index waits for, and some cannot be evaluated. */
export function randomRules(family: Family, seed: number, most: number): string {
  const random = randomOf(seed)
  const rules: string[] = []
  const count = 1 + Math.floor(random() * most)
  for (let i = 0; i < count; i++) {
    const { table, chain, text } = makeRule(extensions, family, random)
    const draw = random()
    if (draw < 0.1) rules.push(`${table} -A ${chain} -${random() < 0.5 ? 'j' : 'g'} a`)
    else if (draw < 0.15) rules.push(`${table} -A a -j b`)
    rules.push(`${table} -A ${random() < 0.2 ? (random() < 0.5 ? 'a' : 'b') : chain} ${text}`)
  }
  return layOut(goodOnes(rules, family), random() < 0.3 ? 'filter/FORWARD mangle/POSTROUTING' : '')
}
