#include "CWebClient.h"
