/** How others bring an organisation into a sharing group: by an invitation, or at once. */
export const ADMISSIONS = ['invitation', 'direct'] as const;
export type Admission = (typeof ADMISSIONS)[number];
