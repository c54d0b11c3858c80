#ifndef C_GLIBC_COMPATIBILITY_H
#define C_GLIBC_COMPATIBILITY_H

/// Makes the C library answer from its own files (/etc/hosts and the like) and DNS, whatever /etc/nsswitch.conf says.
///
/// To be called before the first other thread starts. Returns 0, or -1 when there is no memory for it.
int use_built_in_name_services(void);

#endif
