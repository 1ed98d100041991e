package schedule

// The Gregorian calendar from 1970 to 2199 in whole numbers. Months and days of
// the month are counted from 0, days from 1 January 1970.

const thursday = 3 // the weekday of 1 January 1970, counted from Monday

// civil returns the date of a day, by the method of Neri and Schneider
// (Euclidean affine functions and their application to calendar algorithms,
// 2023).
func civil(day uint32) (year, month, dayOfMonth uint32) {
	const fromMarch0000 = 719468
	n := 4*(day+fromMarch0000) + 3
	century, n := n/146097, n%146097|3
	p := uint64(n) * 2939745
	year = 100*century + uint32(p>>32)
	dayOfYear := uint32(p) / 2939745 / 4
	n = 2141*dayOfYear + 197913
	month, dayOfMonth = n>>16, n&0xffff/2141
	if dayOfYear >= 306 {
		return year + 1, month - 13, dayOfMonth
	}
	return year, month - 1, dayOfMonth
}

// dayNumber returns the first day of a month.
func dayNumber(year, month uint32) uint32 {
	years := year - firstYear
	day := 365*years + (years+1)/4 + (367*month+5)/12
	if year > 2100 {
		day--
	}
	switch {
	case month < 2:
		return day
	case isLeap(year):
		return day - 1
	}
	return day - 2
}

func monthLength(year, month uint32) uint32 {
	if month == 1 {
		if isLeap(year) {
			return 29
		}
		return 28
	}
	return 30 + (month+1+(month+1)>>3)&1
}

func isLeap(year uint32) bool { return year%4 == 0 && (year%100 != 0 || year%400 == 0) }
