export { acceptTotp } from './accepting.ts'
export { useRecoveryCode } from './recovery.ts'
