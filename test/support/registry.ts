/** Every extension there is. */
export { extensions as registry } from '../../src/firewall/extensions.ts'
