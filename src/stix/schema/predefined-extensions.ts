/** Predefined extensions of cyber-observable objects: STIX 2.1 sections 3.10, 6.7, 6.12, 6.13, 6.16. */
import { z } from 'zod';
import { ENUMERATIONS } from '../vocabulary.ts';
import {
  dictionary,
  hashes,
  hexadecimal,
  integer,
  listOf,
  natural,
  refTo,
  timestamp,
} from './part.ts';
import { breach, INVALID_NAME, must, PROPERTY_NAME } from './rule.ts';

const text = z.string().optional();
const flag = z.boolean().optional();
const whole = integer.optional();
const size = natural.optional();
const hex = hexadecimal.optional();

/** An extension, or an object inside one: what the specification does not define has a proper name. */
function part<S extends z.ZodRawShape>(shape: S) {
  return z.looseObject(shape).check((given) => {
    for (const name of Object.keys(given.value)) {
      if (Object.hasOwn(shape, name) || PROPERTY_NAME.test(name)) continue;
      breach(given, INVALID_NAME, name);
    }
  });
}

/** 6.7.6: something beside pe_type. */
const peSaysMore = must((extension) => Object.keys(extension).length > 1, {
  code: 'missing_property',
  detail: 'expected at least one property beside pe_type',
  clause: 'STIX 2.1 section 6.7.6',
});

/** 6.7.6.2 */
const peOptionalHeader = part({
  magic_hex: hex,
  major_linker_version: whole,
  minor_linker_version: whole,
  size_of_code: size,
  size_of_initialized_data: size,
  size_of_uninitialized_data: size,
  address_of_entry_point: whole,
  base_of_code: whole,
  base_of_data: whole,
  image_base: whole,
  section_alignment: whole,
  file_alignment: whole,
  major_os_version: whole,
  minor_os_version: whole,
  major_image_version: whole,
  minor_image_version: whole,
  major_subsystem_version: whole,
  minor_subsystem_version: whole,
  win32_version_value_hex: hex,
  size_of_image: size,
  size_of_headers: size,
  checksum_hex: hex,
  subsystem_hex: hex,
  dll_characteristics_hex: hex,
  size_of_stack_reserve: size,
  size_of_stack_commit: size,
  size_of_heap_reserve: size,
  size_of_heap_commit: size,
  loader_flags_hex: hex,
  number_of_rva_and_sizes: whole,
  hashes: hashes.optional(),
});

/** 6.7.6.3 */
const peSection = part({
  name: z.string(),
  size,
  entropy: z.number().optional(),
  hashes: hashes.optional(),
});

/** By object type and by the extension's name; that none is empty is checked with `extensions`. */
export const PREDEFINED_EXTENSIONS: Readonly<Record<string, Readonly<Record<string, z.ZodType>>>> =
  {
    file: {
      'archive-ext': part({
        contains_refs: listOf(refTo('file', 'directory')),
        comment: text,
      }),
      'ntfs-ext': part({
        sid: text,
        alternate_data_streams: listOf(
          part({ name: z.string(), hashes: hashes.optional(), size }),
        ).optional(),
      }),
      'pdf-ext': part({
        version: text,
        is_optimized: flag,
        document_info_dict: dictionary(z.string()).optional(),
        pdfid0: text,
        pdfid1: text,
      }),
      'raster-image-ext': part({
        image_height: whole,
        image_width: whole,
        bits_per_pixel: whole,
        exif_tags: dictionary(z.union([z.int(), z.string()])).optional(),
      }),
      'windows-pebinary-ext': part({
        pe_type: z.string(),
        imphash: text,
        machine_hex: hex,
        number_of_sections: size,
        time_date_stamp: timestamp.optional(),
        pointer_to_symbol_table_hex: hex,
        number_of_symbols: size,
        size_of_optional_header: size,
        characteristics_hex: hex,
        file_header_hashes: hashes.optional(),
        optional_header: peOptionalHeader.optional(),
        sections: listOf(peSection).optional(),
      }).check(peSaysMore),
    },
    'network-traffic': {
      'http-request-ext': part({
        request_method: z.string(),
        request_value: z.string(),
        request_version: text,
        request_header: dictionary(z.union([z.string(), listOf(z.string())])).optional(),
        message_body_length: size,
        message_body_data_ref: refTo('artifact').optional(),
      }),
      'icmp-ext': part({ icmp_type_hex: hexadecimal, icmp_code_hex: hexadecimal }),
      'socket-ext': part({
        address_family: z.enum(ENUMERATIONS.socketAddressFamily),
        is_blocking: flag,
        is_listening: flag,
        options: dictionary(z.int()).optional(),
        socket_type: z.enum(ENUMERATIONS.socketType).optional(),
        socket_descriptor: size,
        socket_handle: whole,
      }),
      'tcp-ext': part({ src_flags_hex: hex, dst_flags_hex: hex }),
    },
    process: {
      'windows-process-ext': part({
        aslr_enabled: flag,
        dep_enabled: flag,
        priority: text,
        owner_sid: text,
        window_title: text,
        startup_info: dictionary(z.unknown()).optional(),
        integrity_level: z.enum(ENUMERATIONS.windowsIntegrityLevel).optional(),
      }),
      'windows-service-ext': part({
        service_name: text,
        descriptions: listOf(z.string()).optional(),
        display_name: text,
        group_name: text,
        start_type: z.enum(ENUMERATIONS.windowsServiceStart).optional(),
        service_dll_refs: listOf(refTo('file')).optional(),
        service_type: z.enum(ENUMERATIONS.windowsServiceType).optional(),
        service_status: z.enum(ENUMERATIONS.windowsServiceStatus).optional(),
      }),
    },
    'user-account': {
      'unix-account-ext': part({
        gid: whole,
        groups: listOf(z.string()).optional(),
        home_dir: text,
        shell: text,
      }),
    },
  };
