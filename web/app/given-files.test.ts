import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { kindOf, rulesOf } from './given-files.ts'

const examples = join(import.meta.dirname, '../../examples')
const file = (name: string) => new File([readFileSync(join(examples, name))], name)

test('captures are told by their first bytes, whatever they are called', async () => {
  expect(await kindOf(file('first-look.pcapng'))).toBe('capture')
  expect(await kindOf(new Blob([Uint8Array.of(0x1f, 0x8b, 8, 0)]))).toBe('capture')
})

test('rules are told by their words', async () => {
  expect(await kindOf(file('first-look.v4'))).toBe('rules')
  expect(await kindOf(new Blob(['#!/bin/sh\niptables -A INPUT -j DROP\n']))).toBe('rules')
})

test('settings, sets, hosts and scenarios are told by what a line of them says', async () => {
  expect(await kindOf(file('router.ipset'))).toBe('ipset')
  expect(await kindOf(new Blob(['abi.vsyscall32 = 1\nnet.netfilter.nf_conntrack_max = 5\n']))).toBe('sysctls')
  expect(await kindOf(new Blob(['# own\n-net.ipv4.ip_forward=1\n']))).toBe('sysctls')
  expect(await kindOf(new Blob(['[{"ifindex":1,"ifname":"lo","addr_info":[]}]']))).toBe('host')
  expect(await kindOf(new Blob(['host a 10.0.0.2\n+0 a:1 > 10.0.0.9:2 S\n']))).toBe('scenario')
  expect(await kindOf(new File(['host a 10.0.0.2\n'], 'x.scenario'))).toBe('scenario')
})

test('what looks like neither goes to the reader of captures, which says what it is', async () => {
  expect(await kindOf(new Blob(['<html>']))).toBe('capture')
  expect(await kindOf(new Blob([]))).toBe('capture')
})

test('rules of ip6tables are those for IPv6', async () => {
  expect((await rulesOf(new File(['*filter\nCOMMIT\n'], 'rules.v6'))).family).toBe('ipv6')
  expect((await rulesOf(new File(['ip6tables -P INPUT DROP\n'], 'fw.sh'))).family).toBe('ipv6')
  expect((await rulesOf(new File(['*filter\nCOMMIT\n'], 'rules.v4'))).family).toBe('ipv4')
})
