import { expect, test } from 'vitest'
import { SettingError } from '../conntrack/settings.ts'
import { Interfaces } from './interfaces.ts'
import { ReversePath } from './reverse-path.ts'

test('the larger of all and of the interface counts', () => {
  const interfaces = new Interfaces()
  const eth0 = interfaces.numberOf('eth0')
  const vlan = interfaces.numberOf('eth0.5')
  const reversePath = new ReversePath(interfaces)
  const modes = () => [reversePath.mode(eth0), reversePath.mode(vlan)]
  expect([reversePath.isTold, modes()]).toEqual([false, [0, 0]])
  expect(reversePath.set('net.ipv4.conf.eth0/5.rp_filter', '1')).toBe(true)
  expect([reversePath.isTold, modes()]).toEqual([true, [0, 1]])
  reversePath.set('net/ipv4/conf/eth0.5/rp_filter', '2')
  reversePath.set('net.ipv4.conf.default.rp_filter', '2')
  reversePath.set('net.ipv4.conf.all.rp_filter', '1')
  expect(modes()).toEqual([1, 2])
})

test('another sysctl, and another value', () => {
  const reversePath = new ReversePath(new Interfaces())
  expect(reversePath.set('net.netfilter.nf_conntrack_max', '1')).toBe(false)
  expect(() => reversePath.set('net.ipv4.conf.all.rp_filter', '3')).toThrow(SettingError)
})
